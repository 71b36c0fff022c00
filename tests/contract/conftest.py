"""A tenant of each test's own, and a lane that gives it something to read."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.connection import DatabaseAddress
from adapters.postgres.group_commit import GroupCommit, connector
from concurrency.market import Market
from conftest import TestDatabase, fresh_database
from contract.outboxes import Outbox, outbox_of
from entrypoints.container import Container


@pytest.fixture(scope="session")
async def lane(shared_database: TestDatabase, container: Container) -> AsyncIterator[GroupCommit]:
    """What posts."""
    running = GroupCommit(connector(DatabaseAddress(shared_database.login_url)), container.ledger())
    await running.start()
    yield running
    await running.stop(grace_seconds=5)


@pytest.fixture(scope="session")
async def log_database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """One for all tests about the event log, which is every tenant's."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture
async def outbox(log_database: TestDatabase) -> AsyncIterator[Outbox]:
    """Empty, and so is the log."""
    async with outbox_of(log_database) as opened:
        await opened.connection.execute("TRUNCATE outbox, events, event_positions")
        yield opened


@pytest.fixture
async def market(container: Container, lane: GroupCommit) -> Market:
    """A tenant."""
    return await Market.open(container, lane)


@pytest.fixture
async def neighbours(container: Container, lane: GroupCommit) -> Market:
    """Another tenant, of whom the first must see nothing."""
    return await Market.open(container, lane)
