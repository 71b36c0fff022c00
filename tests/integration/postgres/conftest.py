"""One seeded ledger for all attacks: each must leave it as it was."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from conftest import TestDatabase, copy_of
from integration.postgres.raw_ledger import RawLedger, Seeded, seed, state_of


@pytest.fixture(scope="session")
async def attacked_database(template_database: TestDatabase) -> TestDatabase:
    """The database that the attacks share."""
    return await copy_of(template_database)


@pytest.fixture(scope="session")
async def seeded(attacked_database: TestDatabase) -> Seeded:
    """Its ledger."""
    return await seed(attacked_database)


@pytest.fixture(scope="session")
async def witness(attacked_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who sees everything."""
    connection = await asyncpg.connect(attacked_database.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
async def unchanged(witness: asyncpg.Connection, seeded: Seeded) -> AsyncIterator[None]:
    """Afterwards the ledger is exactly what it was."""
    before = await state_of(witness)
    yield
    after = await state_of(witness)
    assert {part for part in before if before[part] != after[part]} == set()


@pytest.fixture
async def raw(attacked_database: TestDatabase, seeded: Seeded) -> AsyncIterator[RawLedger]:
    """SQL as the application's login role."""
    connection = await asyncpg.connect(attacked_database.login_url)
    yield RawLedger(connection, seeded)
    await connection.close()


@pytest.fixture
async def owner(attacked_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """SQL as the role that owns the tables."""
    connection = await asyncpg.connect(attacked_database.owner_url)
    yield connection
    await connection.close()
