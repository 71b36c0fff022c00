"""Whether what we lean on is there."""

from typing import Protocol


class HealthCheck(Protocol):
    """Each check is bounded in time."""

    async def database(self) -> None:
        """
        Nothing, if PostgreSQL answers.

        Raises:
            Unavailable: If it does not.
        """
        ...

    async def redis(self) -> str:
        """`ok`, `unavailable` or `not configured`: reported, never required."""
        ...
