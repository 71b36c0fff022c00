"""One leader a purpose, by an advisory lock that ends with its connection."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from adapters.postgres.connection import CONNECT_TIMEOUT_SECONDS, DatabaseAddress, session_settings
from adapters.postgres.errors import translated

_TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_ASK_TIMEOUT_SECONDS = 2.0


class Lead:
    """Being the leader, for as long as the connection lives."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """The lock is the connection's."""
        self._connection = connection

    async def holds(self) -> bool:
        """Whether PostgreSQL still sees us as the leader."""
        try:
            return await self._connection.fetchval("SELECT true", timeout=_ASK_TIMEOUT_SECONDS) is True
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False


class PostgresLeadership:
    """Implements `ports.leadership.Leadership`."""

    def __init__(self, address: DatabaseAddress) -> None:
        """Ask the server at *address*, over a connection of its own."""
        self._address = address

    @asynccontextmanager
    async def of(self, purpose: str) -> AsyncGenerator[Lead | None]:
        """See `ports.leadership.Leadership.of`."""
        settings = {**session_settings("bursar leader"), "idle_session_timeout": "0"}
        with translated():
            connection = await asyncpg.connect(
                self._address.url, timeout=CONNECT_TIMEOUT_SECONDS, server_settings=settings
            )
        try:
            with translated():
                leads = await connection.fetchval(_TRY, f"bursar {purpose}", timeout=_ASK_TIMEOUT_SECONDS)
            yield Lead(connection) if leads else None
        finally:
            connection.terminate()
