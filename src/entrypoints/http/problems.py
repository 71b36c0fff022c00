"""Problem details (RFC 9457) on every error path; one table from category to status."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from core.domain.access import NotAuthenticated, NotPermitted
from core.domain.errors import Conflict, CoreError, NotFound, OutcomeUnknown, Rejected, Unavailable
from core.domain.idempotency import Answer
from entrypoints.http.context import context_of

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

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode
_FRAMEWORK_CODES = {
    400: ("malformed_request", "The request is malformed"),
    401: ("not_authenticated", "A valid API key is required"),
    403: ("not_permitted", "This key may not do that"),
    404: ("route_not_found", "There is nothing at this path"),
    405: ("method_not_allowed", "The path does not take this method"),
    413: ("body_too_large", "The body is too large"),
    415: ("unsupported_media_type", "The body must be application/json"),
    500: ("internal_error", "Something went wrong on our side"),
    503: ("unavailable", "Temporarily unavailable"),
}


class FieldProblem(msgspec.Struct, frozen=True):
    """One field at fault: where (JSON pointer) and why."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as clients read it: branch on `code`, show `detail`, never parse it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    retryable: bool = msgspec.field(default_factory=bool)
    errors: list[FieldProblem] = msgspec.field(default_factory=list)


class MalformedRequest(Exception):
    """The request cannot be understood: 400, 413 or 415, before any rule is asked."""

    def __init__(self, status: int, detail: str, *, code: str | None = None, pointer: str | None = None) -> None:
        """Answer *status*, with the field at fault when one is known."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.pointer = pointer


def status_of(error: CoreError) -> int:
    """The HTTP status of a core error's category."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


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
            pointer=error.pointer,
            facts=error.facts,
        ),
    )


def _document(
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    request_id: str,
    retryable: bool = False,
    pointer: str | None = None,
    facts: Mapping[str, str | int] | None = None,
) -> bytes:
    document: dict[str, Any] = {
        "type": PROBLEM_PREFIX + code.replace("_", "-"),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:request:{request_id}",
        "code": code,
        "request_id": request_id,
        "retryable": retryable,
    }
    if pointer is not None:
        document["errors"] = [{"pointer": pointer, "detail": detail}]
    return _encode({**(facts or {}), **document})


def _respond(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=headers)


def _on_core_error(request: Request[Any, Any, Any], error: CoreError) -> Response[bytes]:
    answer = refusal(error, context_of(request).request_id)
    headers: dict[str, str] = {}
    if error.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="bursar"'
    return _respond(answer.status, answer.body, headers)


def _on_malformed(request: Request[Any, Any, Any], error: MalformedRequest) -> Response[bytes]:
    code, title = _FRAMEWORK_CODES[error.status]
    body = _document(
        error.status,
        code=error.code or code,
        title=title,
        detail=error.detail,
        request_id=context_of(request).request_id,
        pointer=error.pointer,
    )
    return _respond(error.status, body)


def _on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    code, title = _FRAMEWORK_CODES.get(status, _FRAMEWORK_CODES[400 if status < 500 else 500])
    detail, pointer = error.detail or title, None
    if isinstance(error, ValidationException) and isinstance(error.extra, list) and error.extra:
        first = error.extra[0]
        pointer = "#/" + str(first.get("key", "")).replace(".", "/")
        detail = f"{first.get('key', 'request')}: {first.get('message', detail)}"
    if status >= 500:
        return _on_bug(request, error)
    body = _document(
        status, code=code, title=title, detail=detail, request_id=context_of(request).request_id, pointer=pointer
    )
    return _respond(status, body, dict(error.headers or {}))


def _on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug is logged whole and told to nobody (ASVS 16.5.1)."""
    context = context_of(request)
    _log.error("unexpected error", request_id=context.request_id, trace_id=context.trace_id, exc_info=error)
    code, title = _FRAMEWORK_CODES[500]
    return _respond(
        500,
        _document(500, code=code, title=title, detail="the request id helps us find it", request_id=context.request_id),
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    CoreError: _on_core_error,
    MalformedRequest: _on_malformed,
    HTTPException: _on_framework_error,
    Exception: _on_bug,
}
