"""Who is told by webhooks: verifies every message with the reference library as it comes, and remembers it."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

_TAKEN = b"HTTP/1.1 204 Taken\r\n\r\n"
_REFUSED = b"HTTP/1.1 500 Refused\r\nContent-Length: 0\r\n\r\n"
_TROUBLES = ("refuse", "take_and_refuse", "take_and_hang_up", "hang_up")


@dataclass(frozen=True, slots=True)
class Message:
    """What came under one webhook-id, and how often."""

    type: str
    body: bytes
    times: int = 1


@dataclass(slots=True)
class Receiver:
    """
    One server on loopback, with a path for every tenant.

    Attributes:
        messages: By path and webhook-id.
        breaches: Deliveries that no receiver should ever get, in words.
        troubles: How often a message was not answered as it should.
    """

    port: int = 0
    messages: defaultdict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    breaches: list[str] = field(default_factory=list)
    troubles: int = 0
    _secrets: dict[str, str] = field(default_factory=dict)
    _failing: random.Random | None = None

    def url(self, name: str) -> str:
        """Where messages for *name* go."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def knows(self, name: str, secret: str) -> None:
        """What is sent to *name* is signed with *secret*, shown as ``whsec_…``."""
        self._secrets[name] = secret

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["Receiver"]:
        """Take messages for the time of a block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    @asynccontextmanager
    async def failing(self, rng: random.Random) -> AsyncGenerator[None]:
        """Answer no message as it should for the time of a block; some are taken all the same."""
        self._failing = rng
        try:
            yield
        finally:
            self._failing = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                parted = (line.partition(":") for line in lines if line)
                headers = {name.lower(): value.strip() for name, _, value in parted}
                body = await reader.readexactly(int(headers["content-length"]))
                trouble = self._failing.choice(_TROUBLES) if self._failing else None
                self.troubles += trouble is not None
                if trouble is None or trouble.startswith("take"):
                    self._take(first.split(" ")[1].removeprefix("/"), headers, body)
                if trouble is not None and trouble.endswith("hang_up"):
                    break
                writer.write(_TAKEN if trouble is None else _REFUSED)
                await writer.drain()
        writer.transport.abort()

    def _take(self, name: str, headers: dict[str, str], body: bytes) -> None:
        try:
            told: Any = Webhook(self._secrets[name]).verify(body, headers)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            self.breaches.append(f"{name} {headers.get('webhook-id')}: {error!r}")
            return
        known = self.messages[name].get(headers["webhook-id"])
        if known is not None and known.body != body:
            self.breaches.append(f"{name} {headers['webhook-id']}: {known.body!r}, then {body!r}")
        times = 1 if known is None else known.times + 1
        self.messages[name][headers["webhook-id"]] = Message(told["type"], body, times)
