"""Webhooks by `bursar worker` as processes: from the outbox to the receiver, also past a worker that is killed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from conftest import TestDatabase
from contract.queues_under_test import flushed, own_database
from core.domain.webhook_deliveries import DeliveryStatus
from entrypoints.container import Container
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings
from integration.webhooks.listener import HANG, answer, listening
from integration.webhooks.tenants import Subscriber, new_subscriber, order_event

PATIENCE_SECONDS = 20.0


@dataclass(slots=True)
class Shop:
    """A tenant on a database and a Redis of its own."""

    subscriber: Subscriber
    environment: dict[str, str]
    log: Path
    until_the_end: AsyncExitStack

    async def worker(self) -> WorkerProcess:
        """One more, ready."""
        running = WorkerProcess(self.environment, port=free_port(), log=self.log)
        return await self.until_the_end.enter_async_context(running)

    async def sells(self, count: int) -> None:
        """So many events into the outbox, for a worker to find."""
        async with self.subscriber.container.unit_of_work() as work:
            await work.outbox.add([order_event(self.subscriber.id) for _ in range(count)])
            await work.commit()


@pytest.fixture
async def shop(database: TestDatabase, servers: EmbeddedServers, tmp_path: Path) -> AsyncIterator[Shop]:
    """Without a worker."""
    url = own_database(servers.redis_url)
    environment = database.environment() | {
        "BURSAR_REDIS_URL": url,
        "BURSAR_SWEEP_SECONDS": "0.2",
        "BURSAR_SHUTDOWN_GRACE_SECONDS": "1",
    }
    container = Container(settings=Settings.from_environment(environment))
    owner = await asyncpg.connect(database.owner_url, server_settings={"role": "bursar_owner"})
    async with AsyncExitStack() as until_the_end, flushed(url), listening() as listener:
        subscriber = await new_subscriber(container, listener, owner)
        yield Shop(subscriber, environment, tmp_path / "worker.log", until_the_end)
        await until_the_end.aclose()
    await owner.close()
    await container.relay_wake().aclose()
    await container.database().dispose()


async def test_a_worker_delivers_soon_and_in_spite_of_an_endpoint_that_hangs(shop: Shop) -> None:
    hook, dead = await shop.subscriber.hook(), await shop.subscriber.hook()
    dead.says(HANG)
    await shop.worker()

    begun = time.monotonic()
    await shop.sells(250)
    await hook.listener.wait_until(lambda: len(hook.heard) == 250)
    took = time.monotonic() - begun

    assert took < PATIENCE_SECONDS / 2
    assert len(set(hook.message_ids)) == 250
    assert len(dead.heard) <= 8
    hook.listener.go_on()


async def test_forty_nine_endpoints_have_everything_while_the_fiftieth_still_hangs(shop: Shop) -> None:
    """No clock decides: the one is let go of when the others have it all, and not before."""
    dead, *living = [await shop.subscriber.hook() for _ in range(50)]
    dead.says(HANG)
    await shop.worker()
    await shop.sells(1)
    await dead.listener.wait_until(lambda: len(dead.heard) == 1)

    await shop.sells(2)
    await dead.listener.wait_until(lambda: all(len(hook.heard) == 3 for hook in living))

    assert len(dead.heard) == 1
    assert (await shop.subscriber.statuses(dead))[0] is DeliveryStatus.PENDING
    dead.listener.go_on()


@pytest.mark.faults
async def test_a_message_of_a_killed_worker_is_sent_again_by_another_with_the_same_id(shop: Shop) -> None:
    hook = await shop.subscriber.hook()
    hook.says(HANG, answer(200))
    first = await shop.worker()
    await shop.sells(1)
    await hook.listener.wait_until(lambda: len(hook.heard) == 1)

    first.kill()
    await shop.worker()
    await shop.subscriber.later(seconds=31)
    await hook.listener.wait_until(lambda: len(hook.heard) == 2)

    assert hook.message_ids[0] == hook.message_ids[1]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await shop.subscriber.statuses(hook) != [DeliveryStatus.SUCCEEDED]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
