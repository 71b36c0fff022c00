"""One database for all races; each test has a tenant of its own."""

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.group_commit import Connect, GroupCommit, GroupCommitLimits, connector
from adapters.postgres.ledger import Ledger
from concurrency.books import assert_books_add_up
from concurrency.market import Market
from concurrency.tcp_proxy import TcpProxy
from conftest import TestDatabase, copy_of
from entrypoints.container import Container

MakeLane = Callable[..., GroupCommit]


@pytest.fixture(scope="session")
async def raced_database(template_database: TestDatabase) -> TestDatabase:
    """The database they share."""
    return await copy_of(template_database)


@pytest.fixture(scope="session")
async def bank(raced_database: TestDatabase) -> AsyncIterator[Container]:
    """What opens tenants, wallets and their first balances."""
    container = raced_database.container()
    await container.posting().start()
    yield container
    await container.posting().stop(grace_seconds=5)
    await container.database().dispose()


@pytest.fixture
async def market(bank: Container, raced_database: TestDatabase) -> AsyncIterator[Market]:
    """A tenant of the test's own, whose books add up in the end."""
    opened = await Market.open(bank, bank.posting())
    yield opened
    await assert_books_add_up(raced_database.admin_url, opened.tenant_id)


@pytest.fixture
async def make_lane(bank: Container, raced_database: TestDatabase, market: Market) -> AsyncIterator[MakeLane]:
    """Group commits beside each other on one database, as in several processes; begin with `start`."""
    made: list[GroupCommit] = []

    def make(
        *,
        limits: GroupCommitLimits | None = None,
        url: str = raced_database.login_url,
        connect: Connect | None = None,
        ledger: Ledger | None = None,
    ) -> GroupCommit:
        lane = GroupCommit(connect or connector(DatabaseAddress(url)), ledger or bank.ledger(), limits)
        made.append(lane)
        return lane

    yield make
    for lane in made:
        await lane.stop(grace_seconds=2)


@pytest.fixture
async def proxy(raced_database: TestDatabase) -> AsyncIterator[TcpProxy]:
    """A breakable way to the database."""
    async with TcpProxy(raced_database.login_url) as running:
        yield running


async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    connection.terminate()


@pytest.fixture
async def foreigner(raced_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection, who may do anything."""
    async for connection in _connection(raced_database.admin_url):
        yield connection


@pytest.fixture
async def second_foreigner(raced_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """And another one."""
    async for connection in _connection(raced_database.admin_url):
        yield connection


@pytest.fixture
async def observer(raced_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who only looks on."""
    async for connection in _connection(raced_database.admin_url):
        yield connection
