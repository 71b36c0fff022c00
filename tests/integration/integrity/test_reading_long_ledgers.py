"""
How the pages of a verification are read: along an index, each row once, however long the ledger and whatever the
planner takes it for. Fresh partitions have no statistics, as here: it takes them for empty.
"""

import re
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import TextClause

from adapters.postgres import ledger_inspection_statements as sql
from adapters.postgres.connection import session_settings
from conftest import TestDatabase

TENANT, FIRST, LAST = UUID(int=7), UUID(int=0), UUID(int=2**128 - 1)
VALUES = {
    "tenant": f"'{TENANT}'::uuid",
    "after": f"'{FIRST}'::uuid",
    "until": f"'{LAST}'::uuid",
    "account": f"'{FIRST}'::uuid",
    "posted_at": f"'{datetime(2020, 1, 1, tzinfo=UTC)}'::timestamptz",
    "sequence": "0",
    "number": "0",
    "limit": "2000",
}


async def plan_of(database: TestDatabase, statement: str) -> list[str]:
    """How the application's session would run it, having said how pages are read."""
    connection = await asyncpg.connect(database.login_url, server_settings=session_settings("plans"))
    try:
        async with connection.transaction():
            await connection.execute(sql.IN_ORDER_OF_INDEXES.text)
            return [row[0].strip() for row in await connection.fetch(f"EXPLAIN {statement}")]
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "name", ["HEADS", "BEGINNINGS", "SNAPSHOTS", "SIGNED_HEADS", "LINKS", "TRANSFER_SUMS", "TRANSFERS"]
)
async def test_a_page_is_read_along_an_index_and_compares_no_row_with_all_others(
    shared_database: TestDatabase, name: str
) -> None:
    statement: TextClause = getattr(sql, name)
    plan = await plan_of(shared_database, re.sub(r"(?<!:):([a-z_]+)", lambda found: VALUES[found[1]], statement.text))
    assert [line for line in plan if "Join Filter" in line or "Seq Scan" in line] == []
    sorts = [line for line in plan if "Sort  (" in line and "Incremental" not in line]
    assert len(sorts) == (1 if name in {"BEGINNINGS", "SNAPSHOTS", "TRANSFER_SUMS"} else 0), "only of partitions"


async def test_a_checkpoint_s_heads_are_found_by_its_number(shared_database: TestDatabase) -> None:
    """Among those of all others: an hourly checkpoint makes thousands a year."""
    plan = await plan_of(
        shared_database,
        f"SELECT * FROM checkpoint_heads WHERE tenant_id = {VALUES['tenant']} AND number = 5 ORDER BY account_id",
    )
    assert "checkpoint_heads_by_number" in plan[0]
    assert "number = 5" in plan[1]
