"""How we connect: as which role, and how long anything may take."""

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

APPLICATION_ROLE = "bursar_application"
"""The role the API and the worker act as, whoever they log in as (migrations/versions/0001_ledger.sql)."""

CONNECT_TIMEOUT_SECONDS = 3.0
COMMAND_TIMEOUT_SECONDS = 8.0
"""Longer than the server's own statement timeout: reached only when the server or the way to it hangs."""

# A connection plans its statements once, perhaps while the tables are still empty: it must not fall for a sequential
# scan then. Every query of ours has its index (docs/decisions/0005).
_SETTINGS = {
    "role": APPLICATION_ROLE,
    "timezone": "UTC",
    "lock_timeout": "250ms",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where PostgreSQL is: a URL such as ``postgresql://user:password@host:port/database``; never printed whole."""

    url: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"DatabaseAddress({self.url.rpartition('@')[2]!r})"

    @property
    def sqlalchemy_url(self) -> str:
        """The same address for SQLAlchemy's asyncpg dialect."""
        return "postgresql+asyncpg://" + self.url.partition("://")[2]


def session_settings(name: str) -> dict[str, str]:
    """Server settings of an ordinary connection; *name* shows in pg_stat_activity."""
    return {**_SETTINGS, "application_name": name}


async def connect_for_posting(address: DatabaseAddress) -> "asyncpg.Connection[asyncpg.Record]":
    """
    A connection of its own for the posting path.

    Raises:
        OSError, asyncpg.PostgresError, TimeoutError: If there is none to be had within 3 s.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        return await asyncpg.connect(
            address.url,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            server_settings={**session_settings("bursar posting"), "plan_cache_mode": "force_generic_plan"},
        )
