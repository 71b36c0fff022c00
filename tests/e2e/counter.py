"""Where payments are taken: an API, workers, a payment provider with a truth of its own, and both clocks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from adapters.streams.queue import StreamsQueue
from conftest import TestDatabase, register_tenant
from contract.queues_under_test import flushed, own_database
from core.domain.identifiers import TenantId
from e2e.wire import Wire
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers

MERCHANT = "acct_counter"
WORKERS = 2
ASSETS = ("USD", "EUR", "JPY")
WALLETS_OF_EACH = 3

_API_KEY, _WEBHOOK_SECRET = "key-of-the-merchant", "secret-of-the-provider's-webhooks"
_FEES = {"basis_points": 150, "fixed": 25}
_DELAYS = {"async_payment": 2, "late_success": 2, "refund": 1, "late_refund_failure": 3}
_EVERY_SECOND = "* * * * * */1"
_MOVE_CLOCK = "UPDATE schedule_clock SET ahead = ahead + make_interval(secs => $1)"


@dataclass(frozen=True, slots=True)
class Counter:
    """
    One tenant's, with everything it needs.

    Attributes:
        account: Our id of the gateway account.
        client: Speaks for the tenant; *operator* for its operator, *merchant* to the provider.
        queue: The jobs, as anybody sees them who does not work on them.
    """

    database: TestDatabase
    tenant_id: TenantId
    account: str
    wallets: dict[str, str]
    api: ApiProcess
    wire: Wire
    client: httpx.AsyncClient
    operator: httpx.AsyncClient
    merchant: httpx.AsyncClient
    simulator: SimulatorProcess
    workers: list[WorkerProcess]
    queue: StreamsQueue

    async def later(self, seconds: float) -> None:
        """Move the clock of schedules, as only the tables' owner may, and the provider's with it."""
        owner = await asyncpg.connect(self.database.owner_url, server_settings={"role": "bursar_owner"})
        try:
            await owner.execute(_MOVE_CLOCK, seconds)
        finally:
            await owner.close()
        await self.simulator.advance_clock(seconds)

    async def truth(self) -> list[dict[str, Any]]:
        """The provider's whole journal."""
        entries: list[dict[str, Any]] = []
        while page := await self.simulator.truth(
            account=MERCHANT, after=entries[-1]["number"] if entries else 0, limit=1000
        ):
            entries += page
        return entries

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """What the database has, for those who may see all of it."""
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            return [dict(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()


@asynccontextmanager
async def open_counter(
    database: TestDatabase, servers: EmbeddedServers, folder: Path, *, seed: int, api_processes: int = 1
) -> AsyncGenerator[Counter]:
    """One API, two workers and the provider, with their files in *folder*; *seed* decides the provider's chance."""
    secrets = folder / "secrets"
    redis_url = own_database(servers.redis_url)
    environment = database.environment() | {
        "BURSAR_REDIS_URL": redis_url,
        "BURSAR_SECRETS_DIRECTORY": str(secrets),
        "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
        "BURSAR_SCHEDULE_PAYMENT_EXPIRY": _EVERY_SECOND,
        "BURSAR_SHUTDOWN_GRACE_SECONDS": "2",
    }
    log = folder / "bursar.log"
    async with AsyncExitStack() as until_the_end:
        await until_the_end.enter_async_context(flushed(redis_url))
        simulator = SimulatorProcess(
            port=free_port(), log=folder / "simulator.log", journal=folder / "simulator.sqlite", seed=seed
        )
        api = ApiProcess(environment, port=free_port(), log=log, workers=api_processes)
        workers = [WorkerProcess(environment, port=free_port(), log=log) for _ in range(WORKERS)]
        processes = (simulator, api, *workers)
        for process in processes:
            until_the_end.push_async_callback(process.stop)
        await asyncio.gather(*(process.start() for process in processes))

        container = database.container()
        tenant_id, api_key, operator_key = await register_tenant(container)
        ours = secrets / str(tenant_id)
        ours.mkdir(parents=True)
        (ours / "key").write_text(_API_KEY)
        (ours / "webhooks").write_text(_WEBHOOK_SECRET)
        await container.database().dispose()
        ways = ((api.base_url, api_key), (api.base_url, operator_key), (simulator.base_url, _API_KEY))
        client, operator, merchant = [
            await until_the_end.enter_async_context(
                httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
            )
            for url, key in ways
        ]
        wire = Wire(api.base_url, api_key=api_key)
        until_the_end.push_async_callback(wire.aclose)
        queue = StreamsQueue.from_url(redis_url, name="jobs")
        until_the_end.push_async_callback(queue.disconnect)
        yield Counter(
            database=database,
            tenant_id=tenant_id,
            account=await _open_account(operator, simulator),
            wallets=await _open_wallets(client),
            api=api,
            wire=wire,
            client=client,
            operator=operator,
            merchant=merchant,
            simulator=simulator,
            workers=workers,
            queue=queue,
        )


async def _open_account(operator: httpx.AsyncClient, simulator: SimulatorProcess) -> str:
    """The tenant's account with the provider, known to both sides: our id of it."""
    body = {
        "gateway": "mock",
        "name": "counter",
        "credentials_secret": "key",
        "webhook_secrets": ["webhooks"],
        "settings": {"base_url": simulator.base_url, "account": MERCHANT},
    }
    created = await operator.post("/v1/admin/gateway-accounts", json=body)
    assert created.status_code == 201, created.text
    account: str = created.json()["id"]
    url = str(operator.base_url.join(f"/v1/webhooks/mock/{account}"))
    await simulator.open_account(
        MERCHANT,
        api_keys=[_API_KEY],
        webhooks=[{"url": url, "secrets": [_WEBHOOK_SECRET]}],
        fees=_FEES,
        delays=_DELAYS,
    )
    return account


async def _open_wallets(client: httpx.AsyncClient) -> dict[str, str]:
    """Empty ones; their assets by their ids."""
    wallets = {}
    for asset in ASSETS:
        for number in range(WALLETS_OF_EACH):
            opened = await client.post("/v1/wallets", json={"user_id": f"user_{number}", "asset": asset})
            wallets[opened.json()["id"]] = asset
    return wallets
