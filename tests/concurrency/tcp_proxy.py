"""A way to PostgreSQL that can break exactly where it hurts: while a COMMIT is on its way."""

import asyncio
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK_BYTES = 65_536
_COMMIT = b"COMMIT;"


class Cut(Enum):
    """What becomes of the next COMMIT."""

    BEFORE_FORWARDING = auto()
    """Both sides are cut; the server never sees it and rolls back."""
    BEFORE_REPLY = auto()
    """The server gets it, and both sides are cut before its reply can arrive."""
    LEAVING_A_ZOMBIE = auto()
    """The client is cut, the server is not told: its transaction stays open, with its locks, until `bury`."""


class HeldCommit:
    """A COMMIT that waits in the proxy."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._came, self._may_go = asyncio.Event(), asyncio.Event()

    async def reached(self) -> None:
        """Wait until the client has sent its COMMIT."""
        async with asyncio.timeout(5):
            await self._came.wait()

    def release(self) -> None:
        """Let it go on to the server."""
        self._may_go.set()

    async def pass_through(self) -> None:
        """Wait to be released."""
        self._came.set()
        await self._may_go.wait()


class TcpProxy:
    """Forwards bytes between clients and the server of *url*, until told otherwise."""

    def __init__(self, url: str) -> None:
        """Stand before the server at *url*."""
        target = urlsplit(url)
        self._url = url
        self._host, self._server_port = target.hostname or "127.0.0.1", target.port or 5432
        self._port = 0
        self._listener: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._servers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._next_commit: Cut | HeldCommit | None = None
        self.commits_cut = 0

    @property
    def url(self) -> str:
        """The server's URL, through this proxy."""
        return self._url.replace(f":{self._server_port}/", f":{self._port}/")

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything."""
        self.refuse()
        self.bury()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def accept(self) -> None:
        """Take connections, on the same port as before."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Cut every connection and take no new one: the database is down."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in (*self._clients, *self._servers):
            writer.transport.abort()

    def refuse_answers_and_connections(self) -> None:
        """As `refuse`, but what is under way towards the server still arrives there."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in self._clients:
            writer.transport.abort()

    def cut_next_commit(self, how: Cut) -> None:
        """The next COMMIT meets its fate."""
        self._next_commit = how

    def hold_next_commit(self) -> HeldCommit:
        """The next COMMIT waits here."""
        self._next_commit = held = HeldCommit()
        return held

    def bury(self) -> None:
        """End the server sides that outlived their clients."""
        for writer in self._servers:
            writer.transport.abort()

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self._host, self._server_port)
        self._clients.add(to_client)
        self._servers.add(to_server)
        for pump in (
            self._pump_requests(from_client, to_client, to_server),
            self._pump_answers(from_server, to_client),
        ):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump_requests(
        self, source: asyncio.StreamReader, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter
    ) -> None:
        zombie = False
        with suppress(OSError):
            while chunk := await source.read(_CHUNK_BYTES):
                fate = None
                if _COMMIT in chunk:
                    fate, self._next_commit = self._next_commit, None
                if isinstance(fate, Cut):
                    self.commits_cut += 1
                    zombie = fate is Cut.LEAVING_A_ZOMBIE
                    if fate is Cut.BEFORE_REPLY:
                        to_server.write(chunk)
                        await to_server.drain()
                    to_client.transport.abort()
                    break
                if isinstance(fate, HeldCommit):
                    await fate.pass_through()
                to_server.write(chunk)
                await to_server.drain()
        self._clients.discard(to_client)
        if not zombie:
            to_server.close()
            self._servers.discard(to_server)

    async def _pump_answers(self, source: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(_CHUNK_BYTES):
                if to_client.is_closing():
                    continue
                to_client.write(chunk)
                await to_client.drain()
        to_client.close()
