"""A receiver of webhooks, over real HTTP: what it is told to answer path by path, and what it heard."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

HANG = b""
"""Instead of an answer: none, until the listener is told to go on."""


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    """An answer's bytes."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """What a receiver remembers, to take each message once."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The message, once the reference library has checked it against *secret*, shown as ``whsec_…``."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(slots=True)
class Listener:
    """A server on loopback, for many endpoints, each with a path of its own."""

    port: int = 0
    heard: defaultdict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    _answers: defaultdict[str, deque[bytes]] = field(default_factory=lambda: defaultdict(deque))
    _go_on: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, path: str) -> str:
        """Where *path* is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def say(self, path: str, *answers: bytes) -> None:
        """Answer the next requests with these, and the last of them for ever; 200 where nothing was said."""
        self._answers[path] = deque(answers)

    def go_on(self) -> None:
        """Let those that hang have 200."""
        self._go_on.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Until it holds, asked after every request; 20 s at most."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                path, heard = await _read(reader)
                self.heard[path].append(heard)
                async with self._changed:
                    self._changed.notify_all()
                answers = self._answers[path]
                said = (answers.popleft() if len(answers) > 1 else answers[0]) if answers else answer(200)
                if said == HANG:
                    await self._go_on.wait()
                    said = answer(200)
                writer.write(said)
                await writer.drain()
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> tuple[str, Heard]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return first.split(" ")[1], Heard(headers, await reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def listening() -> AsyncGenerator[Listener]:
    """A running listener."""
    running = Listener()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        running.go_on()
        server.close()
