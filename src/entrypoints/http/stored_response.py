"""An answer whose bytes are ready: they go out as they are, past Litestar's rendering."""

from typing import Any

from litestar import Response
from litestar.types import Receive, Scope, Send

from core.domain.idempotency import Answer
from entrypoints.http.problems import PROBLEM_JSON

_FIRST_ERROR = 400
_JSON_HEADER = (b"content-type", b"application/json")
_PROBLEM_HEADER = (b"content-type", PROBLEM_JSON.encode())
_REPLAYED_HEADER = (b"idempotent-replayed", b"true")


class _StoredBytes:
    """The ASGI application that sends one stored answer."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer
        headers = [
            _JSON_HEADER if answer.status < _FIRST_ERROR else _PROBLEM_HEADER,
            (b"content-length", str(len(answer.body)).encode()),
        ]
        if answer.replayed:
            headers.append(_REPLAYED_HEADER)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})


class StoredResponse(Response[Any]):
    """Declared as the `Response` of what its bytes hold, so that OpenAPI knows the shape."""

    def __init__(self, answer: Answer) -> None:
        """Send *answer*, with ``Idempotent-Replayed`` when it was stored before."""
        self._answer = answer

    def to_asgi_response(self, *_arguments: Any, **_options: Any) -> Any:
        """Nothing to render."""
        return _StoredBytes(self._answer)
