"""Alembic's environment: one connection, one transaction a revision."""

import asyncio
from typing import TYPE_CHECKING, cast

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.tables import TenantRow

if TYPE_CHECKING:
    from advanced_alchemy.alembic.commands import AlembicCommandConfig

config = cast("AlembicCommandConfig", context.config)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=TenantRow.metadata,
        version_table=config.version_table_name,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_online() -> None:
    engine = cast("AsyncEngine", config.engine)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_run_online())
