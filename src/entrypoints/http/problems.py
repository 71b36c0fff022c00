"""Problem details (RFC 9457) on every error path; one table from category to status."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from core.domain.access import NotAuthenticated, NotPermitted
from core.domain.errors import Conflict, CoreError, NotFound, OutcomeUnknown, Rejected, Unavailable
from core.domain.idempotency import Answer
from entrypoints.http.context import context_of
from entrypoints.http.field_errors import FieldError, field_error
from entrypoints.http.problem_types import (
    BODY_TOO_LARGE,
    INTERNAL_ERROR,
    INVALID_FIELD,
    INVALID_JSON,
    MALFORMED_REQUEST,
    METHOD_NOT_ALLOWED,
    ROUTE_NOT_FOUND,
    ProblemType,
)

PROBLEM_JSON = "application/problem+json"
PROBLEM_PREFIX = "https://bursar.dev/problems/"
RETRY_AFTER_SECONDS = 1

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

_FRAMEWORK_TYPES = {
    kind.status: kind for kind in (MALFORMED_REQUEST, ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED, BODY_TOO_LARGE)
}
_log = structlog.get_logger(__name__)
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


def respond(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response[bytes]:
    """A problem's bytes as a response."""
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=headers)


def _on_core_error(request: Request[Any, Any, Any], error: CoreError) -> Response[bytes]:
    answer = refusal(error, context_of(request).request_id)
    headers: dict[str, str] = {}
    if error.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="bursar"'
    return respond(answer.status, answer.body, headers)


def _on_malformed(request: Request[Any, Any, Any], error: MalformedRequest) -> Response[bytes]:
    body = problem(error.kind, error.detail, context_of(request).request_id, errors=error.errors)
    return respond(error.kind.status, body)


def _on_validation_error(request: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    """Parameters that do not fit, each by the name it has outside; or a body that is not there."""
    found = error.extra if isinstance(error.extra, list) else []
    if any(entry.get("source") == "body" for entry in found):
        return _on_malformed(request, MalformedRequest(INVALID_JSON, "the body is empty; a JSON object is wanted"))
    if isinstance(error.__cause__, KeyError):
        errors = [field_error([str(error.__cause__.args[0])], "is required")]
    else:
        errors = [field_error([_outside_name(request, entry["key"])], entry["message"]) for entry in found]
    detail = "; ".join(each.detail for each in errors) or MALFORMED_REQUEST.title
    kind = INVALID_FIELD if errors else MALFORMED_REQUEST
    return respond(kind.status, problem(kind, detail, context_of(request).request_id, errors=errors))


def _outside_name(request: Request[Any, Any, Any], argument: str) -> str:
    """What clients call the parameter that the handler knows as *argument*."""
    field = request.route_handler.parsed_fn_signature.parameters.get(argument)
    name = getattr(None if field is None else field.kwarg_definition, "name", None)
    return argument if name is None else str(name)


def _on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code >= INTERNAL_ERROR.status:
        return _on_bug(request, error)
    kind = _FRAMEWORK_TYPES.get(error.status_code, MALFORMED_REQUEST)
    body = problem(kind, kind.title, context_of(request).request_id)
    headers = dict(error.headers or {})
    if "allow" in headers:
        methods = set(headers["allow"].split(", "))
        headers["allow"] = ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
    return respond(kind.status, body, headers)


def _on_client_gone(request: Request[Any, Any, Any], _error: ClientGone) -> Response[bytes]:
    return respond(
        MALFORMED_REQUEST.status, problem(MALFORMED_REQUEST, "the client left", context_of(request).request_id)
    )


def _on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug is logged whole and told to nobody (ASVS 16.5.1)."""
    context = context_of(request)
    _log.error("unexpected error", request_id=context.request_id, trace_id=context.trace_id, exc_info=error)
    return respond(
        INTERNAL_ERROR.status, problem(INTERNAL_ERROR, "the request id helps us find it", context.request_id)
    )


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    CoreError: _on_core_error,
    MalformedRequest: _on_malformed,
    ClientGone: _on_client_gone,
    ValidationException: _on_validation_error,
    HTTPException: _on_framework_error,
    Exception: _on_bug,
}
