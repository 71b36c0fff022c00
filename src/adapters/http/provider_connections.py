"""
Kept-alive connections to providers, each used by one call at a time.

Not httpcore's pool: that loses a place for good when a call is cancelled between being given a new connection and
using it (httpcore issue 1093, open in 1.0.9), and every deadline is a cancellation. Here a place belongs to a
`with` block, so it comes back whatever happens.
"""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import httpcore

KEEP_ALIVE_SECONDS = 1.0
"""Shorter than servers keep an idle connection (the common least is 2 s), so that we rarely meet one being closed."""


class ProviderConnections:
    """
    The connections of one event loop: at most *max_connections* in use, and as many idle for each origin.

    Idle ones are looked at when the next call begins or ends, so a few stay open, unused, while nobody calls.
    """

    def __init__(
        self, tls: ssl.SSLContext, *, max_connections: int, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        """Trust whom *tls* trusts; connect by *network*, or by the system."""
        self._tls = tls
        self._places = asyncio.Semaphore(max_connections)
        self._network = network
        self._idle: defaultdict[str, deque[_Connection]] = defaultdict(deque)

    @asynccontextmanager
    async def lend(self, origin: httpcore.Origin) -> AsyncGenerator[httpcore.AsyncHTTPConnection]:
        """One connection to *origin*, idle or not yet open; waits while all places are taken."""
        async with self._places:
            idle = self._idle[str(origin)]
            connection = await self._newest(idle) or _Connection(origin, self._tls, self._network)
            try:
                yield connection.http
            finally:
                if connection.http.is_available():
                    idle.append(connection)
                else:
                    await connection.aclose()
                await _close_expired(idle)

    async def aclose(self) -> None:
        """Close what is idle; what is in use is closed by its user's end."""
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()

    async def _newest(self, idle: deque["_Connection"]) -> "_Connection | None":
        """The connection used last, unless it is too old, or its server has closed it as far as we can see."""
        while idle:
            connection = idle.pop()
            if not connection.http.has_expired():
                return connection
            await connection.aclose()
        return None


class _Connection:
    """A connection, and the socket under it: httpcore forgets that when a call is cut off while TLS is agreed upon."""

    def __init__(
        self, origin: httpcore.Origin, tls: ssl.SSLContext, network: httpcore.AsyncNetworkBackend | None
    ) -> None:
        self._socket = _Remembering(
            network or httpcore.AnyIOBackend()  # pyright: ignore[reportArgumentType]  # its stand-in without anyio
        )
        self.http = httpcore.AsyncHTTPConnection(
            origin, tls, keepalive_expiry=KEEP_ALIVE_SECONDS, retries=0, network_backend=self._socket
        )

    async def aclose(self) -> None:
        try:
            await self.http.aclose()
        finally:
            if self._socket.stream is not None:
                await self._socket.stream.aclose()


class _Remembering(httpcore.AsyncNetworkBackend):
    """Connects as *network* does, once, and keeps what came of it."""

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._network = network
        self.stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.stream = await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        return self.stream


async def _close_expired(idle: deque["_Connection"]) -> None:
    while idle and idle[0].http.has_expired():
        await idle.popleft().aclose()
