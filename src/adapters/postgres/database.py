"""One process's way to PostgreSQL for everything but the posting path."""

import asyncio
from typing import cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.engine import application_config
from adapters.postgres.errors import translated

PING_TIMEOUT_SECONDS = 2.0


class Database:
    """The engine and its sessions; connects when first used."""

    def __init__(self, address: DatabaseAddress, *, pool_size: int) -> None:
        """Keep at most *pool_size* connections to *address*."""
        config = application_config(address, pool_size=pool_size)
        self._engine: AsyncEngine = config.get_engine()
        self.sessions = cast("async_sessionmaker[AsyncSession]", config.create_session_maker())
        # One statement needs no BEGIN and no ROLLBACK: two round trips less for every read.
        self.reading_sessions = async_sessionmaker(
            self._engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False, autoflush=False
        )

    async def ping(self) -> None:
        """
        Ask the server for a sign of life, for at most 2 s.

        Raises:
            DatabaseUnavailable: If there is none.
        """
        with translated():
            async with asyncio.timeout(PING_TIMEOUT_SECONDS), self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
