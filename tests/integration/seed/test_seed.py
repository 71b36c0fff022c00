"""The seed: through the use cases and as SQL, it is the same."""

from pathlib import Path

import asyncpg

from conftest import TestDatabase
from entrypoints.container import Container
from entrypoints.development.keys import keys_in
from entrypoints.development.seed_plan import OPENING_BALANCES, TENANT_ID
from entrypoints.development.seed_sql import seed_sql
from entrypoints.development.seeding import seed

COMMITTED = Path(__file__).parents[3] / "seed.sql"
_BALANCES = """
SELECT wallet.user_id, wallet.asset, account.balance
FROM wallets AS wallet JOIN accounts AS account USING (tenant_id, id) ORDER BY 1, 2
"""
_ASSETS = "SELECT code, name, exponent, kind FROM assets ORDER BY code"
_REFERENCES = "SELECT type, reference, description FROM transfers ORDER BY reference"


async def rows(database: TestDatabase, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(database.login_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def run_file(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.login_url)
    try:
        await connection.execute(COMMITTED.read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def is_clean(database: TestDatabase) -> bool:
    container = database.container()
    try:
        return (await container.verify_ledger()(TENANT_ID)).is_clean
    finally:
        await container.database().dispose()


def test_the_committed_file_is_what_the_command_writes() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == seed_sql()


async def test_the_file_makes_the_same_books_as_the_command(
    database: TestDatabase, second_database: TestDatabase, tmp_path: Path
) -> None:
    await run_file(database)
    await seed(second_database.container(), keys_in(tmp_path))

    for query in (_BALANCES, _ASSETS, _REFERENCES):
        assert await rows(database, query) == await rows(second_database, query)
    assert await is_clean(database)
    assert await is_clean(second_database)


async def test_seeding_twice_credits_once(database: TestDatabase, tmp_path: Path) -> None:
    for _ in range(2):
        await seed(database.container(), keys_in(tmp_path))

    planned = sorted((opening.user_id, opening.asset, opening.amount) for opening in OPENING_BALANCES)
    assert await rows(database, _BALANCES) == planned


async def test_the_command_adds_keys_to_a_database_made_by_the_file(database: TestDatabase, tmp_path: Path) -> None:
    await run_file(database)
    before = await rows(database, _BALANCES)
    keys = keys_in(tmp_path)
    container: Container = database.container()

    await seed(container, keys)

    assert await rows(database, _BALANCES) == before
    assert await rows(database, "SELECT count(*) FROM api_keys") == [(2,)]
