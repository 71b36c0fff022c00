"""Problem details (RFC 9457); one table from category to status."""

from collections.abc import Mapping, Sequence

import msgspec

from core.domain.access import NotAuthenticated, NotPermitted
from core.domain.errors import Conflict, CoreError, NotFound, OutcomeUnknown, Rejected, Unavailable
from core.domain.idempotency import Answer
from entrypoints.http.field_errors import FieldError, field_error
from entrypoints.http.problem_types import INVALID_FIELD, ProblemType

PROBLEM_JSON = "application/problem+json"
PROBLEM_PREFIX = "https://bursar.dev/problems/"

STATUS: dict[type[CoreError], int] = {
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    Rejected: 422,
    OutcomeUnknown: 202,
    Unavailable: 503,
}
"""The most specific category wins; anything unlisted is our fault."""

_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error: branch on `code`, show `detail`, never parse it. Some codes add members of their own."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    retryable: bool
    errors: list[FieldError] | None = None


class MalformedRequest(Exception):
    """The request cannot be understood: 400, 413 or 415, before any rule is asked."""

    def __init__(self, kind: ProblemType, reason: str | FieldError) -> None:
        """Answer with a problem of *kind*; *reason* is a sentence, or the field at fault."""
        self.kind = kind
        self.detail = reason if isinstance(reason, str) else reason.detail
        self.errors = [] if isinstance(reason, str) else [reason]
        super().__init__(self.detail)


class ClientGone(Exception):
    """The client left before its request was whole; nobody waits for an answer."""


def invalid_parameter(name: str, what: str) -> MalformedRequest:
    """The refusal of a parameter of the path or the query."""
    return MalformedRequest(INVALID_FIELD, field_error([name], what))


def status_of(error: CoreError) -> int:
    """The HTTP status of a core error's category."""
    return status_of_type(type(error))


def status_of_type(error: type[CoreError]) -> int:
    """The same, where there is no occurrence yet."""
    return next((STATUS[kind] for kind in error.__mro__ if kind in STATUS), 500)


def refusal(error: CoreError, request_id: str) -> Answer:
    """A core error as status and bytes."""
    status = status_of(error)
    return Answer(
        status,
        _document(
            status,
            code=error.code,
            title=error.title,
            detail=error.detail,
            request_id=request_id,
            retryable=error.retryable,
            errors=() if error.pointer is None else (FieldError(error.pointer, error.detail),),
            facts=error.facts,
        ),
    )


def problem(
    kind: ProblemType,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[FieldError] = (),
    facts: Mapping[str, object] | None = None,
) -> bytes:
    """A problem of *kind* as bytes."""
    return _document(
        kind.status,
        code=kind.code,
        title=kind.title,
        detail=detail,
        request_id=request_id,
        retryable=kind.retryable,
        errors=errors,
        facts=facts,
    )


def _document(
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    request_id: str,
    retryable: bool,
    errors: Sequence[FieldError],
    facts: Mapping[str, object] | None,
) -> bytes:
    document: dict[str, object] = {
        "type": PROBLEM_PREFIX + code.replace("_", "-"),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:request:{request_id}",
        "code": code,
        "request_id": request_id,
        "retryable": retryable,
    }
    if errors:
        document["errors"] = errors
    return _encode({**facts, **document} if facts else document)
