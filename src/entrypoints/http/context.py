"""What a request carries through the house: its ids, and who asks."""

import os
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.domain.access import Principal

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_KEY = "bursar"


@dataclass(slots=True)
class RequestContext:
    """
    One request's ids and principal.

    Attributes:
        request_id: The caller's X-Request-Id (or X-Trace-Id), if it is 1 to 128 visible ASCII, else our own.
        trace_id: 32 lower-case hex digits of our own: callers are not trusted to start our traces
            (W3C Trace Context; design: standards, section 6).
        principal: Who asks, once that is known.
    """

    request_id: str
    trace_id: str
    principal: Principal | None = None


def context_of(connection: ASGIConnection[Any, Any, Any, Any]) -> RequestContext:
    """The context of a request that came through `RequestContextMiddleware`."""
    context: RequestContext = connection.scope["state"][_KEY]
    return context


def principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Who asks, on a route behind a guard."""
    principal = context_of(connection).principal
    assert principal is not None  # the guard ran
    return principal


class RequestContextMiddleware:
    """Outermost, so that every answer carries its ids: those of unknown routes and of failures too."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its context, and its answer the headers ``X-Request-Id`` and ``traceparent``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        trace_id, span_id = os.urandom(16).hex(), os.urandom(8).hex()
        scope.setdefault("state", {})[_KEY] = RequestContext(request_id.decode(), trace_id)
        ids = [(b"x-request-id", request_id), (b"traceparent", f"00-{trace_id}-{span_id}-01".encode())]

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *ids]
            await send(message)

        await self._app(scope, receive, send_with_ids)


def _request_id(headers: Any) -> bytes:
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in {b"x-request-id", b"x-trace-id"}:
            found.setdefault(name, value)
    given = found.get(b"x-request-id") or found.get(b"x-trace-id") or b""
    return given if _REQUEST_ID.fullmatch(given) else UUID(bytes=os.urandom(16), version=4).hex.encode()
