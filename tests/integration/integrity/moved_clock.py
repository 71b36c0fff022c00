"""A database in which it is the time that a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import asyncpg

from conftest import TestDatabase


class MovedClock:
    """
    Sets what PostgreSQL's `now()` and `clock_timestamp()` say to the application.

    Its statements name both without a schema, so that functions in a schema before pg_catalog take their place.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def set(self, moment: str) -> datetime:
        """It is now *moment*, in UTC, until it is set again."""
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        await self._connection.execute("UPDATE testing.clock SET moment = $1", now)
        return now

    async def make_partitions(self, *months: str) -> None:
        """The journal's partitions of those months, such as 2019-01."""
        for month in months:
            await self._connection.execute("SELECT make_journal_partitions($1)", date.fromisoformat(f"{month}-01"))


@asynccontextmanager
async def moved_clock(database: TestDatabase) -> AsyncIterator[MovedClock]:
    """Install the clock; connections opened from now on read it."""
    login = urlsplit(database.login_url)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            f"""
            CREATE SCHEMA testing;
            CREATE TABLE testing.clock AS SELECT pg_catalog.now() AS moment;
            CREATE FUNCTION testing.now() RETURNS timestamptz STABLE SECURITY DEFINER
                RETURN (SELECT moment FROM testing.clock);
            CREATE FUNCTION testing.clock_timestamp() RETURNS timestamptz SECURITY DEFINER
                RETURN (SELECT moment FROM testing.clock);
            GRANT USAGE ON SCHEMA testing TO PUBLIC;
            ALTER ROLE {login.username} IN DATABASE {login.path.removeprefix("/")}
                SET search_path = testing, public, pg_catalog;
            """
        )
        yield MovedClock(connection)
    finally:
        await connection.close()
