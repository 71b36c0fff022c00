"""An API with a real fulfilment service, on a database of their own: these tests move its clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from conftest import TestDatabase, fresh_database
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.fulfilment_process import FulfilmentProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.settings import Settings
from integration.http.money_routes import tenant_with_client
from integration.http.orders.desk import Desk

TOKEN = "token-of-the-fulfilment-service"


@pytest.fixture(scope="package")
async def ordering_database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """The database behind the orders."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture(scope="package")
async def fulfilment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FulfilmentProcess]:
    """The development service: it misbehaves when it is asked to."""
    home: Path = tmp_path_factory.mktemp("fulfilment")
    async with FulfilmentProcess(
        port=free_port(), journal=home / "journal", log=home / "fulfilment.log", token=TOKEN
    ) as running:
        yield running


@pytest.fixture(scope="package")
def ordering_environment(ordering_database: TestDatabase, fulfilment: FulfilmentProcess) -> dict[str, str]:
    """Settings of a process that takes orders."""
    return ordering_database.environment() | {
        "BURSAR_FULFILMENT_URL": fulfilment.base_url,
        "BURSAR_FULFILMENT_TOKEN": TOKEN,
    }


@pytest.fixture(scope="package")
async def ordering_api(
    ordering_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ApiProcess]:
    """The API that takes orders."""
    log = tmp_path_factory.mktemp("ordering") / "api.log"
    async with ApiProcess(ordering_environment, port=free_port(), log=log) as running:
        yield running


@pytest.fixture(scope="package")
async def ordering_container(ordering_environment: dict[str, str]) -> AsyncIterator[Container]:
    """What a worker would run operations with."""
    ours = Container(settings=Settings.from_environment(ordering_environment))
    yield ours
    await ours.provider_http().aclose()
    await ours.database().dispose()


MakeDesk = Callable[[], AbstractAsyncContextManager[Desk]]


@pytest.fixture(scope="package")
def open_desk(
    ordering_api: ApiProcess,
    ordering_container: Container,
    ordering_database: TestDatabase,
    fulfilment: FulfilmentProcess,
) -> MakeDesk:
    """Tenants that take orders."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Desk]:
        async with (
            tenant_with_client(ordering_api, ordering_container) as tenant,
            httpx.AsyncClient(
                base_url=ordering_api.base_url, headers={"Authorization": f"Bearer {tenant.operator_key}"}, timeout=30
            ) as operator,
            httpx.AsyncClient(base_url=fulfilment.base_url, timeout=10) as service,
        ):
            yield Desk(tenant, operator, service, ordering_container, ordering_database.owner_url)

    return opened


@pytest.fixture
async def desk(open_desk: MakeDesk) -> AsyncIterator[Desk]:
    """A tenant of the test's own, before a service in a good mood."""
    async with open_desk() as opened:
        await opened.behave("ok")
        yield opened


@pytest.fixture
async def stranger(open_desk: MakeDesk) -> AsyncIterator[Desk]:
    """Another tenant in the same database."""
    async with open_desk() as opened:
        yield opened
