"""What a request carries through the house: its ids, and who asks."""

import asyncio
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.domain.access import Principal
from entrypoints.http.bodiless_methods import BODILESS_METHODS, answer_bodiless

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_KEY = "bursar"
_RANDOM_BYTES = 16 + 8 + 16
_BODY_TOO_LARGE = 413
_SWALLOWED_BYTES = 16 * 1024 * 1024
_SWALLOWING_SECONDS = 5.0


@dataclass(slots=True)
class RequestContext:
    """
    One request's ids and principal.

    Attributes:
        request_id: The caller's X-Request-Id (or X-Trace-Id), if it is 1 to 128 visible ASCII, else our own.
        trace_id: 32 lower-case hex digits of our own: callers are not trusted to start our traces
            (W3C Trace Context; design: standards, section 6).
        headers: The request's headers by lower-case name; of a repeated one, the last.
        principal: Who asks, once that is known.
    """

    request_id: str
    trace_id: str
    headers: dict[bytes, bytes]
    principal: Principal | None = None

    def header(self, name: bytes) -> str | None:
        """One header as text, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


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
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        random = os.urandom(_RANDOM_BYTES).hex()
        trace_id, span_id, own_id = random[:32], random[32:48], random[48:]
        given = headers.get(b"x-request-id") or headers.get(b"x-trace-id") or b""
        request_id = given if _REQUEST_ID.fullmatch(given) else own_id.encode()
        cast("dict[str, Any]", scope).setdefault("state", {})[_KEY] = RequestContext(
            request_id.decode(), trace_id, headers
        )
        ids = ((b"x-request-id", request_id), (b"traceparent", f"00-{trace_id}-{span_id}-01".encode()))

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == _BODY_TOO_LARGE:
                    await _swallow_body(receive)
                message["headers"] = [*message["headers"], *ids]
            await send(message)

        if scope["method"] in BODILESS_METHODS:
            await answer_bodiless(self._app, scope, receive, send_with_ids)
        else:
            await self._app(scope, receive, send_with_ids)


async def _swallow_body(receive: Receive) -> None:
    """Read on for a while: a client that is still sending would see its connection break, not the answer."""
    left = _SWALLOWED_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_SWALLOWING_SECONDS):
            while left > 0:
                event = await receive()
                if event["type"] != "http.request" or not event["more_body"]:
                    return
                left -= len(event["body"])
