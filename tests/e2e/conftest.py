"""Whole installations: several API processes on one PostgreSQL that may be broken."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from conftest import LOGIN_PASSWORD, OWNER_PASSWORD, TestDatabase, redis_program, register_tenant
from core.domain.identifiers import TenantId
from e2e.wire import Wire
from entrypoints.container import migrate_database, prepare_server
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers


@dataclass(frozen=True, slots=True)
class Installation:
    """Servers nobody else leans on, their folder, and API processes on one database."""

    servers: EmbeddedServers
    home: Path
    database: TestDatabase
    apis: list[ApiProcess]
    log: Path


@dataclass(frozen=True, slots=True)
class Bank:
    """A tenant of a test's own, with some wallets and a way to each API process."""

    tenant_id: TenantId
    api_key: str
    client: httpx.AsyncClient
    wires: list[Wire]
    wallets: list[str]

    async def available(self) -> list[int]:
        """What each wallet can spend."""
        answers = [await self.client.get(f"/v1/wallets/{wallet}/balance") for wallet in self.wallets]
        return [answer.json()["balance"]["available"] for answer in answers]


OpenBank = Callable[..., Awaitable[Bank]]


@asynccontextmanager
async def bank_on(installation: Installation, *, wallets: int, opening: int) -> AsyncGenerator[Bank, None]:
    """A new tenant with so many wallets of so many minor units each."""
    container = installation.database.container()
    tenant_id, api_key, _operator_key = await register_tenant(container)
    await container.database().dispose()
    base_urls = [api.base_url for api in installation.apis]
    wires = [Wire(url, api_key=api_key) for url in base_urls]
    headers = {"Authorization": f"Bearer {api_key}"}
    async with httpx.AsyncClient(base_url=base_urls[0], headers=headers, timeout=30) as client:
        opened = [await _open_wallet(client, number, opening) for number in range(wallets)]
        try:
            yield Bank(tenant_id, api_key, client, wires, opened)
        finally:
            for wire in wires:
                await wire.aclose()


async def _open_wallet(client: httpx.AsyncClient, number: int, opening: int) -> str:
    opened = await client.post("/v1/wallets", json={"user_id": f"user_{number}", "asset": "USD"})
    wallet: str = opened.json()["id"]
    if opening:
        credited = await client.post(
            f"/v1/wallets/{wallet}/credit", json={"amount": opening}, headers={"Idempotency-Key": f"opening-{number}"}
        )
        assert credited.status_code == 201, credited.text
    return wallet


@pytest.fixture(scope="session")
async def shared_installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Two APIs, one of them with two workers: three processes that post."""
    folder = tmp_path_factory.mktemp("installation")
    async with EmbeddedServers(folder / "home", redis_program=redis_program()) as servers:
        owner_url, login_url = await prepare_server(
            servers.postgres_url, "bursar", owner_password=OWNER_PASSWORD, login_password=LOGIN_PASSWORD
        )
        await asyncio.to_thread(migrate_database, owner_url)
        admin_url = servers.postgres_url.removesuffix("/postgres") + "/bursar"
        database = TestDatabase(admin_url, owner_url, login_url)
        environment = database.environment() | {"BURSAR_REDIS_URL": servers.redis_url}
        log = folder / "api.log"
        apis = [ApiProcess(environment, port=free_port(), log=log, workers=workers) for workers in (2, 1)]
        try:
            await asyncio.gather(*(api.start() for api in apis))
            yield Installation(servers, folder / "home", database, apis, log)
        finally:
            await asyncio.gather(*(api.stop() for api in apis))


@pytest.fixture
async def installation(shared_installation: Installation) -> Installation:
    """The same, whole again if a test before left it broken."""
    for api in shared_installation.apis:
        if api.has_ended():
            await api.start()
    return shared_installation


@pytest.fixture
async def open_bank(installation: Installation) -> AsyncIterator[OpenBank]:
    """What opens a bank on the installation."""
    async with AsyncExitStack() as until_the_end:

        async def open_(*, wallets: int = 2, opening: int = 0) -> Bank:
            return await until_the_end.enter_async_context(bank_on(installation, wallets=wallets, opening=opening))

        yield open_
