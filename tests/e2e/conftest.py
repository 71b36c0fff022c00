"""Whole installations: several API processes on one PostgreSQL that may be broken."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import LOGIN_PASSWORD, OWNER_PASSWORD, TestDatabase
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


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Two APIs, one of them with two workers: three processes that post."""
    folder = tmp_path_factory.mktemp("installation")
    async with EmbeddedServers(folder / "home") as servers:
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
