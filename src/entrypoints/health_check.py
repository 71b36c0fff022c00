"""What the process leans on, asked one by one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessHealth:
    """Implements `ports.health.HealthCheck` from two checks."""

    ping_database: Callable[[], Awaitable[None]]
    redis_state: Callable[[], Awaitable[str]]

    async def database(self) -> None:
        """Nothing, if PostgreSQL answers."""
        await self.ping_database()

    async def redis(self) -> str:
        """`ok`, `unavailable` or `not configured`."""
        return await self.redis_state()
