"""Real servers for the tests: one PostgreSQL and one Valkey a session, a database a test."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from core.application.access.register_tenant import RegisterTenant
from core.domain.access import Environment, Role
from core.domain.assets import Asset, AssetKind
from core.domain.identifiers import TenantId
from entrypoints.container import Container, migrate_database, prepare_server
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings

OWNER_PASSWORD, LOGIN_PASSWORD = "owner-of-test-tables", "application-in-tests"
PEPPER = "pepper-of-the-tests-pepper-of-the-tests"
ENCRYPTION_KEY = "sealing-key-of-the-tests-sealing-key-of-the-tests"
TEMPLATE = "bursar_template"
COINS = Asset("COINS", "Coins", 0, AssetKind.POINTS)


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """One database: as the server's superuser, as the tables' owner, and as the application."""

    __test__ = False

    admin_url: str
    owner_url: str
    login_url: str

    def environment(self) -> dict[str, str]:
        """Settings for a process on this database."""
        return {
            "BURSAR_DATABASE_URL": self.login_url,
            "BURSAR_MIGRATION_DATABASE_URL": self.owner_url,
            "BURSAR_API_KEY_PEPPER": PEPPER,
            "BURSAR_ENCRYPTION_KEY": ENCRYPTION_KEY,
            "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
        }

    def container(self) -> Container:
        """A container on this database."""
        return Container(settings=Settings.from_environment(self.environment()))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of a test's own, with a client that speaks for it."""

    id: TenantId
    api_key: str
    operator_key: str
    client: httpx.AsyncClient

    async def post(self, path: str, body: object, *, key: str | None = None) -> httpx.Response:
        """POST with a fresh idempotency key, unless one is given."""
        return await self.client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})

    async def wallet(self, user_id: str, *, asset: str = "USD", balance: int = 0) -> str:
        """A wallet with that much available; its id."""
        opened = await self.client.post("/v1/wallets", json={"user_id": user_id, "asset": asset})
        assert opened.status_code in {200, 201}, opened.text
        wallet_id: str = opened.json()["id"]
        if balance:
            credited = await self.post(f"/v1/wallets/{wallet_id}/credit", {"amount": balance})
            assert credited.status_code == 201, credited.text
        return wallet_id

    async def available(self, wallet_id: str) -> int:
        """What the wallet can spend."""
        answer = await self.client.get(f"/v1/wallets/{wallet_id}/balance")
        amount: int = answer.json()["balance"]["available"]
        return amount


MakeTenant = Callable[[], Awaitable[Tenant]]


def redis_program() -> Path | None:
    """The `redis-server` to test against, named by BURSAR_TEST_REDIS_SERVER; None for the Valkey that comes along."""
    named = os.environ.get("BURSAR_TEST_REDIS_SERVER")
    return None if named is None else Path(named)


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    """PostgreSQL and Valkey for the whole session, durable as in production."""
    home: Path = tmp_path_factory.mktemp("servers") / "home"
    settings = {"max_connections": "200"}
    async with EmbeddedServers(home, postgres_settings=settings, redis_program=redis_program()) as running:
        yield running


@pytest.fixture(scope="session")
async def template_database(servers: EmbeddedServers) -> TestDatabase:
    """A migrated database that others are copied from; nobody stays connected to it."""
    owner_url, login_url = await prepare_server(
        servers.postgres_url, TEMPLATE, owner_password=OWNER_PASSWORD, login_password=LOGIN_PASSWORD
    )
    await asyncio.to_thread(migrate_database, owner_url)
    return TestDatabase(servers.postgres_url, owner_url, login_url)


async def copy_of(template: TestDatabase) -> TestDatabase:
    """A fresh database of its own."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(template.admin_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER bursar_owner")
    finally:
        await connection.close()
    return TestDatabase(
        admin_url=template.admin_url.removesuffix("/postgres") + f"/{name}",
        owner_url=template.owner_url.replace(TEMPLATE, name),
        login_url=template.login_url.replace(TEMPLATE, name),
    )


@asynccontextmanager
async def fresh_database(template: TestDatabase) -> AsyncGenerator[TestDatabase]:
    """A migrated, empty database for the time of one block."""
    fresh = await copy_of(template)
    try:
        yield fresh
    finally:
        connection = await asyncpg.connect(template.admin_url)
        try:
            await connection.execute(f"DROP DATABASE {fresh.admin_url.rpartition('/')[2]} WITH (FORCE)")
        finally:
            await connection.close()


@pytest.fixture
async def database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """A migrated, empty database for one test."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture
async def second_database(template_database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """Another one, to compare with."""
    async with fresh_database(template_database) as fresh:
        yield fresh


@pytest.fixture(scope="session")
async def shared_database(template_database: TestDatabase) -> TestDatabase:
    """The database behind the session's API; tests keep apart by tenants."""
    return await copy_of(template_database)


@pytest.fixture(scope="session")
async def api(
    shared_database: TestDatabase, servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ApiProcess]:
    """The API as production runs it, over real HTTP, for the whole session."""
    log = tmp_path_factory.mktemp("api") / "api.log"
    environment = shared_database.environment() | {"BURSAR_REDIS_URL": servers.redis_url}
    async with ApiProcess(environment, port=free_port(), log=log) as running:
        yield running


@pytest.fixture(scope="session")
async def container(shared_database: TestDatabase) -> AsyncIterator[Container]:
    """A container on the session's database, for what no endpoint does yet."""
    ours = shared_database.container()
    yield ours
    await ours.database().dispose()


async def register_tenant(container: Container) -> tuple[TenantId, str, str]:
    """A tenant with an application's and an operator's key: its id and both keys."""
    tenant_id = TenantId(container.ids().new())
    smith = container.api_key_smith()
    key, api_key = smith.make(tenant_id, name="test", role=Role.APPLICATION, environment=Environment.TEST)
    operator, operator_key = smith.make(tenant_id, name="ops", role=Role.OPERATOR, environment=Environment.TEST)
    await container.register_tenant()(
        RegisterTenant(tenant_id=tenant_id, name="Test", keys=[key, operator], assets=[COINS])
    )
    return tenant_id, api_key, operator_key


@pytest.fixture
async def make_tenant(api: ApiProcess, container: Container) -> AsyncIterator[MakeTenant]:
    """More tenants, for tests about keeping them apart."""
    clients: list[httpx.AsyncClient] = []

    async def make() -> Tenant:
        tenant_id, api_key, operator_key = await register_tenant(container)
        limits = httpx.Limits(max_connections=100)
        client = httpx.AsyncClient(
            base_url=api.base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=30, limits=limits
        )
        clients.append(client)
        return Tenant(tenant_id, api_key, operator_key, client)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    """A tenant of the test's own, with ISO 4217's currencies and COINS."""
    return await make_tenant()
