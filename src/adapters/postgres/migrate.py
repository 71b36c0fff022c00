"""Bring a database to the newest schema (Alembic through advanced-alchemy)."""

import asyncio

import asyncpg
from advanced_alchemy.alembic.commands import AlembicCommands

from adapters.postgres.connection import CONNECT_TIMEOUT_SECONDS, DatabaseAddress
from adapters.postgres.engine import migration_config

_MIGRATION_LOCK = 0x6275_7273_6172
MONTHS_AHEAD = 24
"""Partitions are made this far ahead; there is no default partition (design: rows in it block later ones)."""


def migrate(address: DatabaseAddress) -> None:
    """
    Run the migrations that are missing, then make the journal's partitions ahead.

    *address* logs in as the role that owns the tables. Several at once wait for each other.

    Raises:
        asyncpg.PostgresError, OSError: As the database says.
    """
    asyncio.run(_locked_upgrade(address))


async def _locked_upgrade(address: DatabaseAddress) -> None:
    connection = await asyncpg.connect(address.url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        # Alembic's environment runs its own event loop.
        await asyncio.to_thread(AlembicCommands(migration_config(address)).upgrade, "head")
        await connection.execute(
            "SELECT make_journal_partitions((date_trunc('month', now() AT TIME ZONE 'UTC')"
            " + n * interval '1 month')::date) FROM generate_series(-1, $1::integer) AS n",
            MONTHS_AHEAD,
        )
    finally:
        await connection.close()
