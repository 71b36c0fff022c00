"""One process's way to Redis."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

PING_TIMEOUT_SECONDS = 1.0
_SOCKET_TIMEOUT_SECONDS = 2.0
_MAX_CONNECTIONS = 20


class RedisConnection:
    """Connects when first used; without a URL it says so."""

    def __init__(self, url: str | None) -> None:
        """Use the server at *url* (``redis://…``), if there is one."""
        self._client = (
            None
            if url is None
            else Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
                url,
                socket_timeout=_SOCKET_TIMEOUT_SECONDS,
                socket_connect_timeout=_SOCKET_TIMEOUT_SECONDS,
                max_connections=_MAX_CONNECTIONS,
            )
        )

    async def state(self) -> str:
        """`ok`, `unavailable` or `not configured`, within a second."""
        if self._client is None:
            return "not configured"
        try:
            async with asyncio.timeout(PING_TIMEOUT_SECONDS):
                await self._client.ping()  # pyright: ignore[reportUnknownMemberType] - likewise
        except (RedisError, OSError, TimeoutError):
            return "unavailable"
        return "ok"

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
