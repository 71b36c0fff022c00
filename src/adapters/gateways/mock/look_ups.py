"""Finding what became of something: by the provider's reference, or by ours."""

from typing import Protocol, TypeVar

from adapters.gateways.mock.connection import MockConnection, segment
from adapters.gateways.mock.wire import ErrorDocument, read, read_list
from core.domain.gateways import CallContext
from core.domain.outcomes import Absent, Conflict, Unknown
from ports.provider_http import HttpAnswer

_NOT_FOUND = "not_found"
"""The provider's word for it; a bare 404, or one of a path, may come from anybody on the way."""


class _Object(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def reference(self) -> str | None: ...


_Document = TypeVar("_Document", bound=_Object)


async def look_up(
    connection: MockConnection,
    collection: str,
    kind: type[_Document],
    *,
    reference: str,
    provider_ref: str | None,
    context: CallContext,
    absence_is_proof: bool,
) -> _Document | Absent | Unknown | Conflict:
    """
    The one object, or what there is to say without it.

    Two objects with our reference are two effects of one intent; a failed question tells nothing about what was
    asked for before it.
    """
    query = f"?reference={segment(reference)}" if provider_ref is None else f"/{segment(provider_ref)}"
    answer = await connection.get(collection + query, context)
    if not isinstance(answer, HttpAnswer):
        return Unknown(f"the look-up failed: {answer.reason}")
    if answer.status == 404 and provider_ref is not None and _is_not_found(answer):
        return Absent(authoritative=absence_is_proof)
    if answer.status != 200:
        return Unknown(f"the look-up was answered with {answer.status}")
    found = read_list(answer.body, kind) if provider_ref is None else [read(answer.body, kind)]
    if found is None or None in found:
        return Unknown("the look-up was answered with nothing that can be read")
    return _only([each for each in found if each is not None], reference, provider_ref, absence_is_proof)


def _only(
    found: list[_Document], reference: str, provider_ref: str | None, absence_is_proof: bool
) -> _Document | Absent | Conflict:
    if not found:
        return Absent(authoritative=absence_is_proof)
    if len(found) > 1:
        return Conflict(f"the provider has {len(found)} objects with our reference", found[0].id)
    (one,) = found
    if one.reference != reference or provider_ref not in {None, one.id}:
        return Conflict("the provider's reference is not ours", one.id)
    return one


def _is_not_found(answer: HttpAnswer) -> bool:
    document = read(answer.body, ErrorDocument)
    return document is not None and document.error.code == _NOT_FOUND
