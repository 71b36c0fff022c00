"""Migrations: from nothing, again, at the same time, and over data that must stay."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import Connection, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.postgres import orchestration_tables, payment_tables  # noqa: F401 - they add their tables to the metadata
from adapters.postgres.migrate import MONTHS_AHEAD
from adapters.postgres.tables import TenantRow
from conftest import LOGIN_PASSWORD, OWNER_PASSWORD, TestDatabase
from entrypoints.container import migrate_database, prepare_server
from integration.postgres.raw_ledger import Seeded, state_of

RAW_SQL_ONLY = {"idempotency_keys", "outbox", "schema_version"}
PARTITIONS = """
SELECT parent.relname AS parent, part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bounds
FROM pg_inherits
JOIN pg_class AS parent ON parent.oid = inhparent AND parent.relkind = 'p'
JOIN pg_class AS part ON part.oid = inhrelid
ORDER BY parent.relname, part.relname
"""
GUARDS = """
SELECT tgrelid::regclass::text AS partition, array_agg(
    CASE WHEN tgtype & 1 = 1 THEN 'each row ' ELSE 'statement ' END
    || concat_ws(' ', CASE WHEN tgtype & 8 = 8 THEN 'DELETE' END, CASE WHEN tgtype & 16 = 16 THEN 'UPDATE' END,
                 CASE WHEN tgtype & 32 = 32 THEN 'TRUNCATE' END)
    || ' ' || tgfoid::regproc || ' ' || tgenabled::text ORDER BY tgtype) AS guards
FROM pg_trigger JOIN pg_inherits ON inhrelid = tgrelid GROUP BY tgrelid
"""


@pytest.fixture
async def empty(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """A database in which nothing was ever migrated."""
    name = f"empty_{uuid4().hex}"
    owner_url, login_url = await prepare_server(
        template_database.admin_url, name, owner_password=OWNER_PASSWORD, login_password=LOGIN_PASSWORD
    )
    yield TestDatabase(template_database.admin_url.removesuffix("/postgres") + f"/{name}", owner_url, login_url)
    connection = await asyncpg.connect(template_database.admin_url)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who sees everything in a migrated database."""
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def fetch(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_two_migrations_of_an_empty_database_at_once_leave_one_schema_and_a_third_changes_nothing(
    empty: TestDatabase,
) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate_database, empty.owner_url) for _ in range(2)))
    connection = await asyncpg.connect(empty.admin_url)
    before = await state_of(connection)

    await asyncio.to_thread(migrate_database, empty.owner_url)

    assert await state_of(connection) == before
    assert await connection.fetchval("SELECT count(*) FROM pg_class WHERE relname = 'entries'") == 1
    await connection.close()


async def test_a_migration_waits_for_the_one_before_it(database: TestDatabase, admin: asyncpg.Connection) -> None:
    """Whoever migrates holds one advisory lock; here the test does."""
    (lock,) = await fetch(database.admin_url, "SELECT x'627572736172'::bigint AS number")
    await admin.execute("SELECT pg_advisory_lock($1)", lock["number"])

    second = asyncio.create_task(asyncio.to_thread(migrate_database, database.owner_url))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(10):
        while not await admin.fetchval(waiting):  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
    assert not second.done()
    await admin.execute("SELECT pg_advisory_unlock($1)", lock["number"])

    async with asyncio.timeout(10):
        await second


async def test_a_month_that_is_missing_is_made_again_and_data_stays(
    attacked_database: TestDatabase, seeded: Seeded, witness: asyncpg.Connection
) -> None:
    before = await state_of(witness)
    last = (await witness.fetch(PARTITIONS))[-1]["name"]
    await witness.execute(f"DROP TABLE {last}")

    await asyncio.to_thread(migrate_database, attacked_database.owner_url)

    assert await state_of(witness) == before
    assert await witness.fetchval("SELECT count(*) FROM entries WHERE tenant_id = $1", seeded.tenant_id) > 0


async def test_partitions_reach_from_last_month_to_24_months_ahead(admin: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    months = [divmod(now.year * 12 + now.month - 1 + n, 12) for n in range(-1, MONTHS_AHEAD + 2)]
    starts = [f"{year}-{month + 1:02}-01 00:00:00+00" for year, month in months]

    await admin.execute("SET timezone = 'UTC'")
    partitions = await admin.fetch(PARTITIONS)

    for parent in ("entries", "transfers"):
        assert [part["bounds"] for part in partitions if part["parent"] == parent] == [
            f"FOR VALUES FROM ('{first}') TO ('{next_one}')" for first, next_one in pairwise(starts)
        ]


async def test_no_default_partition_can_block_those_to_come(admin: asyncpg.Connection) -> None:
    assert await admin.fetchval("SELECT count(*) FROM pg_partitioned_table WHERE partdefid <> 0") == 0


async def test_the_application_makes_partitions_of_a_month_once_by_utc(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    application = await asyncpg.connect(database.login_url, server_settings={"timezone": "Pacific/Auckland"})
    make = "SELECT make_journal_partitions('2099-12-31')"

    made = [await application.fetchval(make) for _ in range(2)]

    assert made == [2, 0]
    await admin.execute("SET timezone = 'UTC'")
    assert [part["bounds"] for part in await admin.fetch(PARTITIONS) if part["name"].endswith("2099_12")] == [
        "FOR VALUES FROM ('2099-12-01 00:00:00+00') TO ('2100-01-01 00:00:00+00')"
    ] * 2
    await application.close()


async def test_every_partition_has_its_own_guards_also_one_made_later(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await fetch(database.login_url, "SELECT make_journal_partitions('2099-12-31')")

    guards = {row["partition"]: row["guards"] for row in await admin.fetch(GUARDS)}

    assert set(guards) == {row["name"] for row in await admin.fetch(PARTITIONS)}
    assert "entries_2099_12" in guards
    expected = ["statement TRUNCATE refuse_change O", "each row DELETE UPDATE refuse_change O"]
    assert all(sorted(theirs) == sorted(expected) for theirs in guards.values())


async def test_a_partition_made_later_is_as_forbidden_to_the_application_as_its_parent_allows(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await fetch(database.login_url, "SELECT make_journal_partitions('2099-12-31')")

    grants = await admin.fetch(
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE relacl IS NOT NULL"
    )

    assert grants == []


def described(connection: Connection) -> dict[str, dict[str, tuple[str, bool, bool]]]:
    """Every table's columns: type, whether NULL may be in it, whether it is of the primary key."""
    inspector = inspect(connection)
    partitions = {row[0] for row in connection.exec_driver_sql("SELECT inhrelid::regclass::text FROM pg_inherits")}
    tables: dict[str, dict[str, tuple[str, bool, bool]]] = {}
    for table in set(inspector.get_table_names()) - partitions:
        key = set(inspector.get_pk_constraint(table)["constrained_columns"])
        tables[table] = {
            column["name"]: (_sql(column["type"]), column["nullable"], column["name"] in key)
            for column in inspector.get_columns(table)
        }
    return tables


def _sql(kind: Any) -> str:
    return str(kind.compile(dialect=postgresql.dialect())).lower()


async def test_sqlalchemys_tables_are_the_migrated_ones(database: TestDatabase) -> None:
    engine = create_async_engine(database.owner_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        migrated = await connection.run_sync(described)
    await engine.dispose()

    mapped = {
        name: {column.name: (_sql(column.type), bool(column.nullable), column.primary_key) for column in table.columns}
        for name, table in TenantRow.metadata.tables.items()
    }

    assert set(migrated) - set(mapped) <= RAW_SQL_ONLY
    assert mapped == {name: columns for name, columns in migrated.items() if name in mapped}
