"""What can break in a shop, and is whole again when the function returns."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from e2e import faults
from e2e.faults import Stage
from e2e.processes import family_of
from e2e.shop import Shop
from entrypoints.development.worker_process import WorkerProcess

_HANG_SECONDS = 30.0
"""Longer than anybody waits."""
_LEADER = """
SELECT client_port FROM pg_stat_activity AS session
WHERE datname = current_database() AND application_name = 'bursar leader'
  AND EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = session.pid AND locktype = 'advisory' AND granted)
"""


@dataclass(slots=True, kw_only=True)
class ShopStage(Stage):
    """A shop, and for how long its fulfilment service misbehaves."""

    shop: Shop
    trouble_seconds: float


ShopFault: TypeAlias = Callable[[ShopStage], Awaitable[None]]


async def flush_valkey(stage: ShopStage) -> None:
    """FLUSHALL."""
    await stage.shop.redis.flushall()


async def restart_valkey_empty(stage: ShopStage) -> None:
    """SIGKILL to Valkey, and a new one that knows nothing on its port."""
    await stage.servers.kill_valkey()
    await asyncio.sleep(stage.rng.uniform(0, 1.0))
    await stage.servers.restart_valkey(empty=True)


async def kill_worker(stage: ShopStage) -> None:
    """SIGKILL to one worker, and a new one in its place."""
    await _replace(stage, stage.rng.choice(stage.shop.workers))


async def kill_relay(stage: ShopStage) -> None:
    """SIGKILL to the worker that leads the relay, and a new one in its place."""
    await _replace(stage, await leading_worker(stage.shop))


async def kill_postgres(stage: ShopStage) -> None:
    """SIGKILL to the postmaster; recovery once it is started again."""
    await faults.kill_postgres(stage)


async def answer_500_before_the_work(stage: ShopStage) -> None:
    """The fulfilment service answers 500, and has done nothing."""
    await _misbehave(stage, "error_before")


async def answer_500_after_the_work(stage: ShopStage) -> None:
    """The fulfilment service answers 500, though it has done the work."""
    await _misbehave(stage, "error_after")


async def hang_before_the_work(stage: ShopStage) -> None:
    """The fulfilment service does nothing and says nothing."""
    await _misbehave(stage, "hang_before", seconds=_HANG_SECONDS)


async def hang_after_the_work(stage: ShopStage) -> None:
    """The fulfilment service does the work and says nothing."""
    await _misbehave(stage, "hang_after", seconds=_HANG_SECONDS)


async def drop_the_answer(stage: ShopStage) -> None:
    """The fulfilment service does the work, and the connection breaks."""
    await _misbehave(stage, "drop_after")


async def kill_api(stage: ShopStage) -> None:
    """SIGKILL to the API, while it makes first attempts at orders; and a new one on its port."""
    await faults.kill_api(stage)


async def webhooks_fail(stage: ShopStage) -> None:
    """The tenant's receiver answers 500 or hangs up, whether it has taken the message or not."""
    before = stage.shop.receiver.troubles
    async with stage.shop.receiver.failing(stage.rng):
        await asyncio.sleep(stage.trouble_seconds)
    assert stage.shop.receiver.troubles > before, "nothing was told in that time"


async def kill_fulfilment(stage: ShopStage) -> None:
    """SIGKILL to the fulfilment service; its journal is on disk."""
    stage.shop.fulfilment.kill()
    await asyncio.sleep(stage.rng.uniform(0, stage.trouble_seconds))
    await stage.shop.fulfilment.start()


async def leading_worker(shop: Shop) -> WorkerProcess:
    """The one whose relay leads."""
    connection = await asyncpg.connect(shop.admin_url)
    try:
        async with asyncio.timeout(20):
            while True:
                port = await connection.fetchval(_LEADER)
                for worker in shop.workers:
                    if port is not None and any(each.connects_from(port) for each in family_of(worker.pid)):
                        return worker
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _replace(stage: ShopStage, worker: WorkerProcess) -> None:
    worker.kill()
    await asyncio.sleep(stage.rng.uniform(0, 1.0))
    await worker.start()


async def _misbehave(stage: ShopStage, mode: str, **how: float) -> None:
    await stage.shop.behave(mode, **how)
    await asyncio.sleep(stage.trouble_seconds)
    await stage.shop.behave("ok")
