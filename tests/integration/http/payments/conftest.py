"""An API with a real provider, on a database of its own: these tests move its clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from conftest import Tenant, TestDatabase, fresh_database, register_tenant
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.settings import Settings
from integration.http.payments.till import WEBHOOK_SECRET, Till, connected


@pytest.fixture(scope="package")
async def paying_database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """The database behind the payments."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture(scope="package")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    """The provider: it misbehaves when it is asked to."""
    log = tmp_path_factory.mktemp("provider") / "simulator.log"
    async with SimulatorProcess(port=free_port(), log=log) as running:
        yield running


_SECRETS = {"wrong-key": "another-key", "webhooks": WEBHOOK_SECRET, "webhooks-new": WEBHOOK_SECRET + "-new"}


@pytest.fixture(scope="package")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that secrets are mounted in."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="package")
def paying_environment(paying_database: TestDatabase, secrets: Path) -> dict[str, str]:
    """Settings of a process that takes payments."""
    return paying_database.environment() | {
        "BURSAR_SECRETS_DIRECTORY": str(secrets),
        "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
    }


@pytest.fixture(scope="package")
async def paying_api(
    paying_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ApiProcess]:
    """The API that takes payments."""
    log = tmp_path_factory.mktemp("paying") / "api.log"
    async with ApiProcess(paying_environment, port=free_port(), log=log) as running:
        yield running


@pytest.fixture(scope="package")
async def paying_container(paying_environment: dict[str, str]) -> AsyncIterator[Container]:
    """What a worker would run operations and apply events with."""
    ours = Container(settings=Settings.from_environment(paying_environment))
    yield ours
    await ours.gateways().aclose()
    await ours.database().dispose()


@pytest.fixture(scope="package")
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key; on this machine alone, so it loads no certificates, which takes longer than a call."""
    async with httpx.AsyncClient(timeout=30, verify=False) as client:
        yield client


def client_of(api: ApiProcess, key: str) -> httpx.AsyncClient:
    """Speaks with that key."""
    headers, limits = {"Authorization": f"Bearer {key}"}, httpx.Limits(max_connections=100)
    return httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=30, limits=limits, verify=False)


OpenTill = Callable[[], AbstractAsyncContextManager[Till]]


@pytest.fixture(scope="package")
def open_till(
    *,
    paying_api: ApiProcess,
    paying_container: Container,
    paying_database: TestDatabase,
    provider: SimulatorProcess,
    secrets: Path,
    anybody: httpx.AsyncClient,
) -> OpenTill:
    """Tenants that take payments."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Till]:
        tenant_id, api_key, operator_key = await register_tenant(paying_container)
        async with client_of(paying_api, api_key) as client, client_of(paying_api, operator_key) as operator:
            tenant = Tenant(tenant_id, api_key, operator_key, client)
            merchant = f"acct_{uuid4().hex[:12]}"
            ours = secrets / str(tenant_id)
            ours.mkdir()
            for name, value in _SECRETS.items():
                (ours / name).write_text(value)
            account = await connected(operator, provider, ours, merchant)
            yield Till(
                tenant,
                operator,
                provider,
                anybody,
                paying_container,
                paying_database.owner_url,
                account,
                merchant,
                ours,
            )

    return opened


@pytest.fixture
async def till(open_till: OpenTill) -> AsyncIterator[Till]:
    """A tenant of the test's own, with an account at the provider."""
    async with open_till() as opened:
        yield opened


@pytest.fixture
async def stranger(open_till: OpenTill) -> AsyncIterator[Till]:
    """Another tenant in the same database."""
    async with open_till() as opened:
        yield opened
