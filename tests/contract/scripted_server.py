"""A server that does to a connection what a test tells it to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Connection"], Awaitable[None]]


@dataclass(slots=True)
class Connection:
    """One client, seen from the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: bytearray = field(default_factory=bytearray)

    async def request(self) -> bytes:
        """Read one request with a Content-Length, or without a body."""
        head = await self._kept(self.reader.readuntil(b"\r\n\r\n"))
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head + await self._kept(self.reader.readexactly(int(line.split(b":")[1])))
        return head

    async def write(self, answer: bytes) -> None:
        """Send."""
        self.writer.write(answer)
        await self.writer.drain()

    async def until_gone(self) -> None:
        """Read on, and answer nothing, until the client closes."""
        while chunk := await self.reader.read(65_536):
            self.received += chunk

    async def _kept(self, reading: Awaitable[bytes]) -> bytes:
        data = await reading
        self.received += data
        return data


@dataclass(slots=True)
class ScriptedServer:
    """Where it listens, and who came."""

    port: int
    scheme: str
    connections: list[Connection] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/path"

    @property
    def received(self) -> bytes:
        """Everything anybody sent."""
        return b"".join(bytes(connection.received) for connection in self.connections)


@asynccontextmanager
async def scripted_server(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[ScriptedServer]:
    """Play *script* on every connection, and close it at the script's end."""
    tasks: set[asyncio.Task[None]] = set()

    async def play(connection: Connection) -> None:
        try:
            await script(connection)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            connection.writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        running.connections.append(connection)
        task = asyncio.create_task(play(connection))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    running = ScriptedServer(server.sockets[0].getsockname()[1], "https" if tls else "http")
    try:
        yield running
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def answering(answer: bytes) -> Script:
    """The same answer to every request, on connections that are kept."""

    async def script(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.write(answer)

    return script


def json_answer(status: int, body: bytes, *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} Said", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
