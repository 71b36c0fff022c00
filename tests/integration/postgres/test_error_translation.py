"""What passes with time is told as "try again"; a bug stays the error it is."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from adapters.postgres import engine
from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.database import Database
from adapters.postgres.errors import DatabaseUnavailable, constraint_of, sqlstate_of, translated
from conftest import TestDatabase
from core.domain.errors import Unavailable
from entrypoints.embedded.free_port import free_port
from ports.unit_of_work import TransactionRaced

PASSES_WITH_TIME = {
    "the connection failed": "08006",
    "the disk is full": "53100",
    "too many connections": "53300",
    "a statement took too long": "57014",
    "the server shuts down": "57P01",
    "it cannot connect now": "57P03",
    "the transaction idled too long": "25P03",
}
RACED = {"a serialization failure": "40001", "a deadlock": "40P01", "a lock was not to be had": "55P03"}
STAYS = {"a unique key is taken": "23505", "a number is out of range": "22003", "a table is missing": "42P01"}
RAISE = "DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{}'; END $$"


@pytest.fixture
async def ours(attacked_database: TestDatabase) -> AsyncIterator[Database]:
    """A pool of one connection."""
    database = Database(DatabaseAddress(attacked_database.login_url), pool_size=1)
    yield database
    await database.dispose()


@pytest.fixture
async def direct(attacked_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection without SQLAlchemy."""
    connection = await asyncpg.connect(attacked_database.login_url)
    yield connection
    connection.terminate()


@pytest.mark.parametrize("sqlstate", PASSES_WITH_TIME.values(), ids=PASSES_WITH_TIME)
async def test_what_passes_with_time_is_unavailable(ours: Database, direct: asyncpg.Connection, sqlstate: str) -> None:
    with pytest.raises(DatabaseUnavailable), translated():
        async with ours.sessions() as session:
            await session.execute(text(RAISE.format(sqlstate)))
    with pytest.raises(DatabaseUnavailable), translated():
        await direct.execute(RAISE.format(sqlstate))


@pytest.mark.parametrize("sqlstate", RACED.values(), ids=RACED)
async def test_what_another_transaction_was_in_the_way_of_is_begun_again(
    ours: Database, direct: asyncpg.Connection, sqlstate: str
) -> None:
    with pytest.raises(TransactionRaced), translated():
        async with ours.sessions() as session:
            await session.execute(text(RAISE.format(sqlstate)))
    with pytest.raises(TransactionRaced), translated():
        await direct.execute(RAISE.format(sqlstate))


@pytest.mark.parametrize("sqlstate", STAYS.values(), ids=STAYS)
async def test_what_is_our_fault_stays_what_it_is(ours: Database, direct: asyncpg.Connection, sqlstate: str) -> None:
    with pytest.raises(DBAPIError) as wrapped, translated():
        async with ours.sessions() as session:
            await session.execute(text(RAISE.format(sqlstate)))
    assert sqlstate_of(wrapped.value) == sqlstate
    with pytest.raises(asyncpg.PostgresError) as bare, translated():
        await direct.execute(RAISE.format(sqlstate))
    assert bare.value.sqlstate == sqlstate


async def test_a_value_the_driver_cannot_send_is_our_fault(ours: Database, direct: asyncpg.Connection) -> None:
    with pytest.raises(DBAPIError), translated():
        async with ours.sessions() as session:
            await session.execute(text("SELECT CAST(:amount AS bigint)"), {"amount": 2**63})
    with pytest.raises(asyncpg.DataError), translated():
        await direct.execute("SELECT $1::bigint", 2**63)


async def test_a_killed_connection_is_unavailable_and_the_next_one_works(
    ours: Database, witness: asyncpg.Connection
) -> None:
    async def two_statements_and_a_killing_between() -> None:
        with translated():
            async with ours.sessions() as session:
                pid = await session.scalar(text("SELECT pg_backend_pid()"))
                await witness.execute("SELECT pg_terminate_backend($1, 5000)", pid)
                await session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        await two_statements_and_a_killing_between()

    await ours.ping()


async def test_a_connection_killed_while_it_rested_in_the_pool_is_unavailable_once(
    ours: Database, witness: asyncpg.Connection
) -> None:
    async with ours.sessions() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    await witness.execute("SELECT pg_terminate_backend($1, 5000)", pid)

    with pytest.raises(DatabaseUnavailable):
        await ours.ping()
    await ours.ping()


async def test_a_statement_that_takes_too_long_is_unavailable(ours: Database) -> None:
    async with ours.sessions() as session:
        await session.execute(text("SET LOCAL statement_timeout = '10ms'"))

        with pytest.raises(DatabaseUnavailable), translated():
            await session.execute(text("SELECT pg_sleep(5)"))


async def test_every_session_has_limits(ours: Database) -> None:
    """Without them, one forgotten lock would stall the service until somebody notices."""
    async with ours.sessions() as session:
        limits = [
            await session.scalar(text(f"SHOW {name}"))
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "role")
        ]

    assert limits == ["5s", "250ms", "5s", "bursar_application"]


async def test_an_exhausted_pool_is_unavailable(
    attacked_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POOL_TIMEOUT_SECONDS", 0.05)
    pool_of_one = Database(DatabaseAddress(attacked_database.login_url), pool_size=1)
    async with pool_of_one.sessions() as session:
        await session.execute(text("SELECT 1"))

        with pytest.raises(DatabaseUnavailable):
            await pool_of_one.ping()

    await pool_of_one.ping()
    await pool_of_one.dispose()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    nobody = Database(DatabaseAddress(f"postgresql://a:b@127.0.0.1:{free_port()}/c"), pool_size=1)

    with pytest.raises(Unavailable):
        await nobody.ping()


@pytest.mark.usefixtures("seeded")
async def test_a_broken_rule_is_known_by_its_name(ours: Database) -> None:
    broken = {
        "assets_tenant_exists": "INSERT INTO assets VALUES (gen_random_uuid(), 'COINS', 'Coins', 0, 'points')",
        "accounts_wallet_has_floor": "INSERT INTO accounts (tenant_id, id, asset, purpose)"
        " SELECT tenant_id, gen_random_uuid(), 'COINS', 'main' FROM tenants",
        "tenants_pkey": "INSERT INTO tenants SELECT * FROM tenants",
    }

    names = []
    for statement in broken.values():
        with pytest.raises(IntegrityError) as refused, translated():
            async with ours.sessions() as session:
                await session.execute(text(statement))
        names.append(constraint_of(refused.value))

    assert names == list(broken)
