"""A whole shop: servers nobody else leans on, an API, workers, a service that hands over, and who is told of it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.streams.queue import StreamsQueue
from conftest import LOGIN_PASSWORD, OWNER_PASSWORD, TestDatabase, redis_program
from e2e.conftest import Bank, Installation, bank_on
from e2e.receiver_of_webhooks import Receiver
from entrypoints.container import migrate_database, prepare_server
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.fulfilment_process import FulfilmentProcess
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers

Body = dict[str, Any]

WORKERS = 2
EVENT_TYPES = ("order.*", "transfer.posted")
"""What the shop's endpoint asks to be told: orders, and every movement of money."""

_RETRIES = 3
"""Of a look into Valkey: connections of before its restart are dead."""

_TOKEN = "token-of-the-fulfilment-service-in-tests"
_MOVE_CLOCK = "UPDATE schedule_clock SET ahead = ahead + $1::text::interval"


@dataclass(slots=True)
class Shop:
    """
    Where orders are placed, handed over and told of.

    Attributes:
        environment: What a further process is started with.
        queue: The jobs, as anybody sees them who does not work on them.
    """

    installation: Installation
    environment: dict[str, str]
    fulfilment: FulfilmentProcess
    service: httpx.AsyncClient
    receiver: Receiver
    queue: StreamsQueue
    redis: Redis
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def admin_url(self) -> str:
        """The database, for those who may see all of it."""
        return self.installation.database.admin_url

    def new_worker(self, **settings: str) -> WorkerProcess:
        """One more, not started."""
        return WorkerProcess(self.environment | settings, port=free_port(), log=self.installation.log)

    async def whole_again(self) -> None:
        """Everything that runs usually runs, and the service behaves."""
        for process in (self.fulfilment, *self.installation.apis, *self.workers):
            if process.has_ended():
                await process.start()
        await self.behave("ok")

    @asynccontextmanager
    async def without_workers(self) -> AsyncGenerator[AsyncExitStack]:
        """The usual workers are away for the time of a block; those of a test's own end with it."""
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        try:
            async with AsyncExitStack() as until_the_end:
                yield until_the_end
        finally:
            await asyncio.gather(*(worker.start() for worker in self.workers))

    async def behave(self, mode: str, **how: Any) -> None:
        """How the fulfilment service treats the next requests."""
        answer = await self.service.post("/_control/behaviour", json={"mode": mode, **how})
        assert answer.status_code == 200, answer.text

    async def has_misbehaved(self) -> bool:
        """Whether it has done so as often as it was told to."""
        return bool((await self.service.get("/_control/behaviour")).json()["left"] == 0)

    async def handed_over(self, *, after: int = 0) -> list[Body]:
        """The service's own journal, behind that sequence."""
        entries: list[Body] = []
        while True:
            last = entries[-1]["sequence"] if entries else after
            page = (await self.service.get("/_control/journal", params={"after": last})).json()["fulfilments"]
            if not page:
                return entries
            entries += page

    async def later(self, interval: str) -> None:
        """Move the clock of schedules, as only the tables' owner may."""
        owner = await asyncpg.connect(self.installation.database.owner_url, server_settings={"role": "bursar_owner"})
        try:
            await owner.execute(_MOVE_CLOCK, interval)
        finally:
            await owner.close()

    async def tell_us(self, bank: Bank) -> int:
        """Register the receiver as the tenant's endpoint; the last event of which it is not told."""
        answer = await bank.client.post(
            "/v1/webhook-endpoints",
            json={"url": self.receiver.url(str(bank.tenant_id)), "event_types": list(EVENT_TYPES)},
        )
        assert answer.status_code == 201, answer.text
        self.receiver.knows(str(bank.tenant_id), answer.json()["secret"])
        connection = await asyncpg.connect(self.admin_url)
        try:
            return int(
                await connection.fetchval(
                    "SELECT coalesce(max(recorded), 0) FROM event_positions WHERE tenant_id = $1", bank.tenant_id
                )
            )
        finally:
            await connection.close()

    @asynccontextmanager
    async def bank(self, *, wallets: int, opening: int) -> AsyncGenerator[Bank]:
        """A tenant of a test's own, whose opening movements are all told."""
        async with bank_on(self.installation, wallets=wallets, opening=opening) as bank:
            yield bank


def canonical(items: Any) -> str:
    """The same text for the same items."""
    return json.dumps(json.loads(items) if isinstance(items, str) else items, sort_keys=True)


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncGenerator[Shop]:
    """One API, two workers, and everything they need, in *folder*."""
    log = folder / "bursar.log"
    async with AsyncExitStack() as until_the_end:
        servers = await until_the_end.enter_async_context(
            EmbeddedServers(folder / "home", redis_program=redis_program())
        )
        owner_url, login_url = await prepare_server(
            servers.postgres_url, "bursar", owner_password=OWNER_PASSWORD, login_password=LOGIN_PASSWORD
        )
        await asyncio.to_thread(migrate_database, owner_url)
        admin_url = servers.postgres_url.removesuffix("/postgres") + "/bursar"
        database = TestDatabase(admin_url, owner_url, login_url)
        fulfilment = FulfilmentProcess(
            port=free_port(), journal=folder / "fulfilment.sqlite", log=folder / "fulfilment.log", token=_TOKEN
        )
        environment = database.environment() | {
            "BURSAR_REDIS_URL": servers.redis_url,
            "BURSAR_FULFILMENT_URL": fulfilment.base_url,
            "BURSAR_FULFILMENT_TOKEN": _TOKEN,
            "BURSAR_SHUTDOWN_GRACE_SECONDS": "2",
        }
        api = ApiProcess(environment, port=free_port(), log=log)
        queue = StreamsQueue.from_url(servers.redis_url, name="jobs")
        redis = Redis.from_url(servers.redis_url, retry=Retry(NoBackoff(), _RETRIES))
        until_the_end.push_async_callback(queue.disconnect)
        until_the_end.push_async_callback(redis.aclose)
        shop = Shop(
            Installation(servers, folder / "home", database, [api], log),
            environment,
            fulfilment,
            await until_the_end.enter_async_context(httpx.AsyncClient(base_url=fulfilment.base_url, timeout=10)),
            await until_the_end.enter_async_context(Receiver().listening()),
            queue,
            redis,
        )
        shop.workers = [shop.new_worker() for _ in range(WORKERS)]
        processes = (fulfilment, api, *shop.workers)
        for process in processes:
            until_the_end.push_async_callback(process.stop)
        await asyncio.gather(*(process.start() for process in processes))
        yield shop
