"""What goes wrong, as the protocol tells it: ``{"error": {"type", "code", "message"}}``."""

import logging
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed, NotFound, Refusal
from entrypoints.simulator.exchange.answer import JSON, Answer
from entrypoints.simulator.exchange.dialect import Trouble
from entrypoints.simulator.protocol_mock.documents import encode

RETRY_AFTER_SECONDS = "1"
_log = logging.getLogger(__name__)
_STATUS: dict[type[Refusal], tuple[int, str]] = {
    InvalidRequest: (400, "invalid_request"),
    NotFound: (404, "not_found"),
    NotAllowed: (422, "refused"),
}
_TROUBLES: dict[Trouble, tuple[int, str, str]] = {
    Trouble.NOT_AUTHENTICATED: (401, "authentication", "No such API key."),
    Trouble.ACCOUNT_DISABLED: (403, "authentication", "The account is disabled."),
    Trouble.KEY_MALFORMED: (400, "idempotency", "Idempotency-Key must be 1 to 255 visible ASCII characters."),
    Trouble.KEY_MISMATCH: (400, "idempotency", "The key was used for another request."),
    Trouble.KEY_IN_PROGRESS: (409, "idempotency", "The first request with this key is being executed."),
    Trouble.RATE_LIMITED: (429, "rate_limited", "Too many requests."),
    Trouble.BODY_TOO_LARGE: (413, "invalid_request", "The body is too large."),
    Trouble.UNKNOWN_SCENARIO: (400, "invalid_request", "There is no such scenario."),
    Trouble.SERVER_ERROR: (500, "api_error", "Something went wrong on our side."),
}


def error_answer(status: int, kind: str, code: str, message: str) -> Answer:
    """An error as an answer."""
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status in {409, 429} else {}
    return Answer(status, encode({"error": {"type": kind, "code": code, "message": message}}), JSON, headers)


def trouble_answer(trouble: Trouble) -> Answer:
    """The answer to what goes wrong without the engine."""
    status, kind, message = _TROUBLES[trouble]
    return error_answer(status, kind, trouble.value, message)


def _respond(answer: Answer) -> Response[bytes]:
    return Response(answer.body, status_code=answer.status, media_type=JSON, headers=dict(answer.headers))


def _on_refusal(_request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    status, kind = _STATUS[type(refusal)]
    return _respond(error_answer(status, kind, refusal.code, refusal.message))


def _on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code >= 500:
        return _on_bug(request, error)
    if error.status_code == 404:
        return _respond(error_answer(404, "not_found", "route_not_found", "There is no such path."))
    return _respond(
        error_answer(error.status_code, "invalid_request", "malformed_request", "The request is malformed.")
    )


def _on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Our mistake, not a simulated one: the log has it whole."""
    _log.error("unexpected error at %s", request.url.path, exc_info=error)
    return _respond(trouble_answer(Trouble.SERVER_ERROR))


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    Refusal: _on_refusal,
    HTTPException: _on_framework_error,
    Exception: _on_bug,
}
