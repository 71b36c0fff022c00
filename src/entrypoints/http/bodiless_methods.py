"""HEAD and OPTIONS, which no handler knows (RFC 9110, 9.3.2 and 9.3.7)."""

from typing import Any, cast

from litestar.enums import HttpMethod
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

BODILESS_METHODS = frozenset({"HEAD", "OPTIONS"})
_NO_CONTENT, _METHOD_NOT_ALLOWED = 204, 405
_OF_CONTENT = frozenset({b"content-type", b"content-length"})
_TAKEN_NOWHERE = "-"


async def answer_bodiless(app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    """HEAD: all that GET would say, but for the body. OPTIONS: the methods the path takes, in `Allow`."""
    asked = scope.copy()
    if scope["method"] == HttpMethod.HEAD:
        asked["method"] = HttpMethod.GET
        await app(asked, receive, _without_body(send))
    else:
        asked["method"] = cast("Any", _TAKEN_NOWHERE)
        await app(asked, receive, _allowed_only(send))


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_headers


def _allowed_only(send: Send) -> Send:
    """Turn the refusal of a method that no path takes into 204; an unknown path stays 404."""
    is_known = False

    async def send_allowed(message: Message) -> None:
        nonlocal is_known
        if message["type"] == "http.response.start" and message["status"] == _METHOD_NOT_ALLOWED:
            is_known = True
            message["status"] = _NO_CONTENT
            message["headers"] = [header for header in message["headers"] if header[0] not in _OF_CONTENT]
        elif message["type"] == "http.response.body" and is_known:
            message["body"] = b""
        await send(message)

    return send_allowed
