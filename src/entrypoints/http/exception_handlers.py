"""Every error path ends in a problem document: the core's refusals, the framework's, and our own mistakes."""

from collections.abc import Callable
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from core.domain.access import NotAuthenticated
from core.domain.errors import CoreError
from entrypoints.http.context import context_of
from entrypoints.http.field_errors import field_error
from entrypoints.http.problem_types import (
    BODY_TOO_LARGE,
    INTERNAL_ERROR,
    INVALID_FIELD,
    INVALID_JSON,
    MALFORMED_REQUEST,
    METHOD_NOT_ALLOWED,
    ROUTE_NOT_FOUND,
)
from entrypoints.http.problems import PROBLEM_JSON, ClientGone, MalformedRequest, problem, refusal

RETRY_AFTER_SECONDS = 1
_FRAMEWORK_TYPES = {
    kind.status: kind for kind in (MALFORMED_REQUEST, ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED, BODY_TOO_LARGE)
}
_log = structlog.get_logger(__name__)


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
