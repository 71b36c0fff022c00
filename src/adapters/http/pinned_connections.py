"""
Connections that go to a checked address and nowhere else.

Each pair of a destination and one of its addresses has a small pool of its own. Two names at one address never share
a connection whose certificate was checked for the other, a name that moved gets a new connection, and a receiver that
does not answer fills its own pool and nobody else's.
"""

import ssl
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore

from adapters.http.destinations import Destination

MAX_CONNECTIONS_EACH = 32
"""To one address of one destination. The pool's own work grows with its square: a few dozen are cheap, 400 are not."""

KEEP_ALIVE_SECONDS = 1.0
"""Shorter than servers keep an idle connection (the common least is 2 s), so that we rarely meet one being closed."""

# The checker sees httpcore's stand-in for an absent anyio; httpx requires anyio.
_SYSTEM: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()  # pyright: ignore[reportAssignmentType] - see above

Headers = Sequence[tuple[bytes, bytes]]


class PinnedConnections:
    """HTTP/1.1 with no proxy, no retries, no redirects and no cookies, whatever the environment says."""

    def __init__(self, tls: ssl.SSLContext, *, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        """Trust as *tls* says, and connect by *network*: by the system unless given."""
        self._tls = tls
        self._network = _SYSTEM if network is None else network
        self._pools: dict[tuple[str, str, int, str], _Pool] = {}
        self._swept_at = 0.0

    @asynccontextmanager
    async def post(
        self, destination: Destination, address: str, headers: Headers, body: bytes, *, connect_seconds: float
    ) -> AsyncGenerator[httpcore.Response]:
        """
        The answer of *address* to a POST, its body still to be read; what is not read is cut off.

        Raises:
            httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError: As the network has it.
        """
        await self._sweep()
        pool = self._pool(destination, address)
        pool.in_flight += 1
        try:
            async with pool.connections.stream(
                "POST",
                httpcore.URL(
                    scheme=destination.scheme.encode(),
                    host=destination.host.encode(),
                    port=destination.port,
                    target=destination.target.encode(),
                ),
                headers=headers,
                content=body,
                extensions={
                    "timeout": {"connect": connect_seconds},
                    # The certificate is checked against the name, not against the address that is connected to.
                    "sni_hostname": destination.host.strip("[]"),
                },
            ) as response:
                yield response
        finally:
            pool.in_flight -= 1
            pool.used_at = time.monotonic()

    async def aclose(self) -> None:
        """Close every connection."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.connections.aclose()

    def _pool(self, destination: Destination, address: str) -> "_Pool":
        key = (destination.scheme, destination.host, destination.port, address)
        pool = self._pools.get(key)
        if pool is None:
            connections = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=MAX_CONNECTIONS_EACH,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
                retries=0,
                network_backend=_PinnedNetwork(self._network, address),
            )
            pool = self._pools[key] = _Pool(connections)
        return pool

    async def _sweep(self) -> None:
        """Let go of pools that nobody has used for a while, so that they are as many as there are live receivers."""
        now = time.monotonic()
        if now - self._swept_at < KEEP_ALIVE_SECONDS:
            return
        self._swept_at = now
        for key in list(self._pools):
            pool = self._pools.get(key)
            if pool is not None and pool.is_idle_at(now):
                del self._pools[key]
                await pool.connections.aclose()


@dataclass(slots=True)
class _Pool:
    connections: httpcore.AsyncConnectionPool
    in_flight: int = 0
    used_at: float = 0.0

    def is_idle_at(self, now: float) -> bool:
        return self.in_flight == 0 and now - self.used_at >= KEEP_ALIVE_SECONDS


class _PinnedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to one address, whatever name it is given: nothing is looked up after the check."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, address: str) -> None:
        self._network = network
        self._address = address

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._network.connect_tcp(self._address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool calls it so
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("sockets of this machine are not called")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
