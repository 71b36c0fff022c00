"""A receiver of webhooks in this process, as an app would have one: it verifies, remembers, and answers."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from types import TracebackType
from typing import Any, Self

import msgspec

from core.domain.webhook_secrets import SigningKey
from core.domain.webhook_signatures import WebhookNotVerified, verify
from ports.clock import Clock

MAX_BODY_BYTES = 64 * 1024
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ReceivedWebhook:
    """One message, its signature verified."""

    id: str
    type: str
    data: dict[str, Any]


@dataclass(slots=True)
class WebhookReceiver:
    """Listens on a free port of 127.0.0.1 for the time of one block; told *secret* once it is registered."""

    clock: Clock
    secret: str = field(default="", repr=False)
    received: list[ReceivedWebhook] = field(default_factory=list[ReceivedWebhook])
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where messages are to be sent."""
        if self._server is None:
            raise RuntimeError("the receiver was not started")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/bursar"

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_BODY_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()

    async def until(self, event_type: str, *, within_seconds: float) -> ReceivedWebhook:
        """
        The first message of that type, once it is there.

        Raises:
            TimeoutError: If none comes in time.
        """
        async with asyncio.timeout(within_seconds), self._news:
            while True:
                for message in self.received:
                    if message.type == event_type:
                        return message
                await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            while True:
                head = (await reader.readuntil(_HEAD_END)).decode("latin-1").split("\r\n")[1:]
                headers = {
                    name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status = await self._take(headers, body)
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    async def _take(self, headers: dict[str, str], body: bytes) -> str:
        try:
            verified = verify(headers, body, [SigningKey.parse(self.secret)], now=self.clock.now().astimezone(UTC))
        except WebhookNotVerified:
            return "400 Bad Request"
        message = msgspec.json.decode(body)
        async with self._news:
            if all(known.id != verified.id for known in self.received):
                self.received.append(ReceivedWebhook(verified.id, message["type"], message["data"]))
                self._news.notify_all()
        return "204 No Content"
