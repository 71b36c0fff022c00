"""A shop that many tests share, because none of them changes what the others see; and one of a test's own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from conftest import Tenant, TestDatabase
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from integration.http.money_routes import Shop, open_shop, tenant_with_client


@pytest.fixture(scope="session")
async def shopkeeper(api: ApiProcess, container: Container) -> AsyncIterator[Tenant]:
    """The tenant of all shops: to register one for each test would take longer than the test."""
    async with tenant_with_client(api, container) as tenant:
        yield tenant


@pytest.fixture(scope="session")
async def shared_shop(shopkeeper: Tenant) -> Shop:
    """For refusals: they change nothing."""
    return await open_shop(shopkeeper)


@pytest.fixture
async def shop(shopkeeper: Tenant) -> Shop:
    """A shop of the test's own."""
    return await open_shop(shopkeeper, user_id=f"alice-{uuid4().hex}")


@pytest.fixture
async def anybody(api: ApiProcess) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(base_url=api.base_url, timeout=30) as client:
        yield client


@pytest.fixture
async def superuser(shared_database: TestDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """SQL on the API's own database, for what no endpoint does yet."""
    connection = await asyncpg.connect(shared_database.admin_url)
    yield connection
    await connection.close()
