"""SAQ's own Redis queue and ours, each alone in a database of the session's Valkey."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from saq.job import Job, Status
from saq.queue.base import Queue
from saq.queue.redis import RedisQueue
from saq.worker import Worker

from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue import StreamsQueue

FAST = StreamsQueueLimits(
    renew_seconds=0.2, idle_seconds=0.8, schedule_poll_seconds=0.05, recovery_poll_seconds=0.1, read_block_seconds=0.2
)
"""Timers for tests, about twelve times as fast as in production."""
TIMERS: Any = {"schedule": 1, "worker_info": 1, "sweep": 60, "abort": 0.05}
"""SAQ's own queue needs whole seconds to schedule by."""
PATIENCE_SECONDS = 10.0
_FIRST_DATABASE, _DATABASES = 2, 13
_databases = count()


def own_database(redis_url: str) -> str:
    """The URL of one of Valkey's databases, taken in turn; the names of queues keep tests apart that meet in one."""
    number = _FIRST_DATABASE + next(_databases) % _DATABASES
    return f"{redis_url.rpartition('/')[0]}/{number}"


def saqs_own(url: str) -> Queue:
    """SAQ's queue on lists."""
    return RedisQueue(Redis.from_url(url), name=f"jobs{uuid4().hex[:8]}")


def ours(url: str, **options: Any) -> StreamsQueue:
    """Our queue on a stream."""
    options = {"name": f"jobs{uuid4().hex[:8]}", "limits": FAST} | options
    return StreamsQueue.from_url(url, **options)


@asynccontextmanager
async def flushed(url: str) -> AsyncGenerator[Redis]:
    """The database, empty before and after."""
    redis = Redis.from_url(url)
    await redis.flushdb()
    try:
        yield redis
    finally:
        await redis.flushdb()
        await redis.aclose()


@asynccontextmanager
async def working(
    queue: Queue, functions: dict[str, Callable[..., Any]], *, kind: type[Worker[Any]] = Worker, **options: Any
) -> AsyncGenerator[Worker[Any]]:
    """A worker of the queue that knows those functions, for the time of one block."""
    options = {"timers": TIMERS, "concurrency": 5, "dequeue_timeout": 0.5} | options
    worker = kind(queue, list(functions.items()), **options)
    worker.SIGNALS = []
    if isinstance(queue, RedisQueue):
        # A worker of SAQ's own sweeps when it begins, also what it is just taking; one sweep keeps the next ones away.
        await queue.sweep(lock=60)
    running = asyncio.create_task(worker.start())
    try:
        yield worker
    finally:
        worker.event.set()
        await running


async def becomes(condition: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_SECONDS) -> None:
    """Wait until the condition holds; fail when it does not in that time."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.01)


async def status_of(queue: Queue, key: str) -> Status | None:
    """What the job's record says."""
    job = await queue.job(key)
    return None if job is None else job.status


async def ends(queue: Queue, key: str, status: Status, *, within: float = PATIENCE_SECONDS) -> Job:
    """Wait until the job is so; the job."""

    async def is_so() -> bool:
        return await status_of(queue, key) is status

    await becomes(is_so, within=within)
    job = await queue.job(key)
    assert job is not None
    return job


async def taken(queue: Queue) -> Job:
    """The next job; it must be there."""
    job = await queue.dequeue(timeout=2)
    assert job is not None, "nothing to take"
    return job


async def nothing_to_take(queue: Queue) -> bool:
    """Whether no job waits now."""
    return await queue.dequeue(timeout=0.05) is None
