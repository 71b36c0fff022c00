"""A database of their own for these tests, as they move its clock; a tenant a test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from conftest import TestDatabase, fresh_database
from entrypoints.container import Container
from integration.webhooks.listener import Listener, listening
from integration.webhooks.tenants import Subscriber, new_subscriber


@pytest.fixture(scope="session")
async def hook_database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """One for all tests about webhooks; they keep apart by tenants, and the clock only goes forward."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture(scope="session")
async def hook_container(hook_database: TestDatabase) -> AsyncIterator[Container]:
    """What a worker would use."""
    ours = hook_database.container()
    yield ours
    await ours.webhook_sender().aclose()
    await ours.resolver().aclose()
    await ours.database().dispose()


@pytest.fixture(scope="session")
async def owner(hook_database: TestDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Who may move the clock of schedules."""
    connection = await asyncpg.connect(hook_database.owner_url, server_settings={"role": "bursar_owner"})
    yield connection
    await connection.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Somebody to send to."""
    async with listening() as running:
        yield running


MakeSubscriber = Callable[[], Awaitable[Subscriber]]


@pytest.fixture
def make_subscriber(
    hook_container: Container, listener: Listener, owner: "asyncpg.Connection[asyncpg.Record]"
) -> MakeSubscriber:
    """More tenants."""
    return lambda: new_subscriber(hook_container, listener, owner)


@pytest.fixture
async def shop(make_subscriber: MakeSubscriber) -> Subscriber:
    """A tenant of the test's own."""
    return await make_subscriber()
