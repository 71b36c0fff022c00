"""The driver's connection below a session, for statements that SQLAlchemy would only slow down."""

from typing import cast

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_BEGIN = text("SELECT 1")


async def driver_connection(session: AsyncSession) -> "asyncpg.Connection[asyncpg.Record]":
    """
    The session's own, inside its transaction.

    SQLAlchemy opens its transaction with the first statement of its own; before that, the driver would commit each
    of ours by itself.
    """
    connection = await session.connection()
    pooled = (await connection.get_raw_connection()).driver_connection
    assert isinstance(pooled, asyncpg.Connection)
    driver = cast("asyncpg.Connection[asyncpg.Record]", pooled)
    if not driver.is_in_transaction():
        await session.execute(_BEGIN)
    assert driver.is_in_transaction()
    return driver
