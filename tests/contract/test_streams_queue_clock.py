"""Redis's clock is set an hour forth or back: no live job is stolen, no job is lost or frozen."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from saq.job import Status

from adapters.streams.commands import GROUP
from adapters.streams.job_queue import StreamsJobQueue
from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue import StreamsQueue
from adapters.streams.server_clock import ServerClock
from adapters.streams.worker import StreamsWorker
from contract.moved_redis_clock import deliver_in_the_future, deliver_long_ago
from contract.queues_under_test import (
    FAST,
    becomes,
    ends,
    flushed,
    nothing_to_take,
    ours,
    own_database,
    taken,
    working,
)
from core.domain.jobs import JobRequest
from entrypoints.embedded.servers import EmbeddedServers

HOUR = 3600.0
BEATS_OF_PRODUCTION = StreamsQueueLimits()
"""Of a worker that renews its entries seldom enough for a test to come between."""


class Movable:
    """A monotonic clock beside which a server's seems to jump."""

    def __init__(self) -> None:
        self.moved_seconds = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.moved_seconds


class Scene:
    """Workers at one queue."""

    def __init__(self, url: str, redis: Any, until_the_end: AsyncExitStack) -> None:
        self.redis, self.name = redis, f"jobs{uuid4().hex[:8]}"
        self._url, self._until_the_end = url, until_the_end

    def worker(self, limits: StreamsQueueLimits = FAST, **options: Any) -> StreamsQueue:
        """One more."""
        queue = ours(self._url, name=self.name, limits=limits, **options)
        self._until_the_end.push_async_callback(queue.disconnect)
        return queue

    @property
    def stream(self) -> str:
        """Where the entries are."""
        return f"bursar:{self.name}"

    async def score(self, key: str) -> float:
        """When the job is due by Redis's clock; 0 on the stream."""
        return float(await self.redis.zscore(f"{self.stream}:incomplete", key))


@pytest.fixture
async def scene(servers: EmbeddedServers) -> AsyncIterator[Scene]:
    """Without workers."""
    url = own_database(servers.redis_url)
    async with flushed(url) as redis, AsyncExitStack() as until_the_end:
        yield Scene(url, redis, until_the_end)


def clock_beside(monotonic: Movable) -> ServerClock:
    return ServerClock(tolerance_seconds=4, grace_seconds=0.5, monotonic=monotonic)


def request(key: str = "one") -> JobRequest:
    return JobRequest(
        name="a.b",
        arguments={},
        key=key,
        timeout_seconds=30,
        attempts=5,
        retry_delay_seconds=1.0,
        max_retry_delay_seconds=60.0,
    )


async def test_a_clock_set_forth_takes_no_job_from_a_live_worker_and_a_dead_ones_comes_back(scene: Scene) -> None:
    monotonic = Movable()
    clock = clock_beside(monotonic)
    holder, other = scene.worker(BEATS_OF_PRODUCTION), scene.worker(clock=clock)
    await holder.enqueue("a.b", key="one", retries=3)
    held = await taken(holder)
    assert await other.sweep() == []

    monotonic.moved_seconds -= HOUR  # seen from here the server's clock is an hour ahead,
    await deliver_long_ago(scene.redis, scene.stream, GROUP, hours=1)  # and so every entry is an hour old

    assert await other.sweep() == []
    assert not clock.is_trusted
    assert await other.sweep() == []  # nor by the next look, before everybody could renew

    async def is_recovered() -> bool:
        return await other.sweep() == [other.job_id(held.key)]

    await becomes(is_recovered)
    assert clock.is_trusted


async def test_a_job_of_a_live_worker_is_done_once_while_the_clock_jumps(scene: Scene) -> None:
    """Its worker renews it in the time of grace, and so it is nobody else's afterwards."""
    monotonic = Movable()
    clock = clock_beside(monotonic)
    holder, other = scene.worker(), scene.worker(clock=clock)
    await holder.enqueue("a.b", key="one", retries=3)
    held = await taken(holder)
    await other.sweep()
    monotonic.moved_seconds -= HOUR
    await deliver_long_ago(scene.redis, scene.stream, GROUP, hours=1)
    assert await other.sweep() == []

    async def is_trusted_again() -> bool:
        assert await other.sweep() == []
        return clock.is_trusted

    await becomes(is_trusted_again)
    assert await other.sweep() == []

    await held.finish(Status.COMPLETE)
    stored = await other.job("one")
    assert stored is not None
    assert (stored.status, stored.attempts) == (Status.COMPLETE, held.attempts)


async def test_a_worker_that_has_just_begun_takes_nothing_away_however_idle_it_looks(scene: Scene) -> None:
    """Nobody knows then whether Redis was away, or its clock set, and whether a live worker could renew."""
    holder, other = scene.worker(BEATS_OF_PRODUCTION), scene.worker()
    await holder.enqueue("a.b", key="one", retries=3)
    await taken(holder)
    await deliver_long_ago(scene.redis, scene.stream, GROUP, hours=1)
    await other.dequeue(timeout=0.05)

    assert await other.sweep() == []

    async def is_recovered() -> bool:
        return (await other.dequeue(timeout=0.05)) is not None

    await becomes(is_recovered)


async def test_a_workers_first_sweep_takes_no_live_job_after_redis_was_away(scene: Scene) -> None:
    """SAQ sweeps before any job was asked for."""
    holder, starting = scene.worker(BEATS_OF_PRODUCTION), scene.worker()
    await holder.enqueue("a.b", key="one", retries=3)
    held = await taken(holder)
    await deliver_long_ago(scene.redis, scene.stream, GROUP, hours=1)
    swept: list[list[str]] = []
    sweep = starting.sweep

    async def told_sweep(lock: int = 60, abort: float = 5.0) -> list[str]:
        swept.append(await sweep(lock, abort))
        return swept[-1]

    starting.sweep = told_sweep  # type: ignore[method-assign]  # only to know when SAQ has swept

    async def has_swept() -> bool:
        return bool(swept)

    async def run(_context: Any) -> None:
        """A job of the worker."""

    async with working(starting, {"a.b": run}, kind=StreamsWorker):
        await becomes(has_swept)

        (pending,) = await scene.redis.xpending_range(scene.stream, GROUP, "-", "+", 1)
        assert (swept[0], pending["consumer"]) == ([], holder.consumer.encode())
        await held.finish(Status.COMPLETE)
    assert (await ends(holder, "one", Status.COMPLETE)).attempts == held.attempts


async def test_what_is_recovered_is_not_dropped_when_our_own_loop_stood_still(scene: Scene) -> None:
    """The answer lay about: that is no jump of the server's clock, and its page is taken care of."""
    monotonic = Movable()
    clock = clock_beside(monotonic)
    dead, other = scene.worker(BEATS_OF_PRODUCTION), scene.worker(clock=clock)
    await dead.enqueue("a.b", key="one", retries=3)
    await taken(dead)
    await dead._keeper.stop()
    assert await other.sweep() == []
    await deliver_long_ago(scene.redis, scene.stream, GROUP, hours=1)
    run = other._commands._run

    async def run_and_stand_still(script: Any, *arguments: Any) -> Any:
        answer = await run(script, *arguments)
        if script is other._commands._claim:
            monotonic.moved_seconds += 20
        return answer

    other._commands._run = run_and_stand_still  # type: ignore[method-assign]  # no test can stop the loop just there

    assert await other.sweep() == [other.job_id("one")]
    assert clock.is_trusted
    monotonic.moved_seconds -= 20  # the server's clock went on meanwhile, too
    assert await other.sweep() == []


async def test_a_clock_set_back_freezes_no_job_of_a_dead_worker(scene: Scene) -> None:
    dead, other = scene.worker(BEATS_OF_PRODUCTION), scene.worker()
    await dead.enqueue("a.b", key="one", retries=3)
    await taken(dead)
    await dead._keeper.stop()  # as if its process was killed: nothing is renewed
    assert await deliver_in_the_future(scene.redis, scene.stream, hours=1) >= 1
    for _ in range(2):
        (pending,) = await scene.redis.xpending_range(scene.stream, GROUP, "-", "+", 1)
        assert pending["time_since_delivered"] == 0  # and would be for an hour
        await asyncio.sleep(0.01)

    async def is_recovered() -> bool:
        return await other.sweep() == [other.job_id("one")]

    await becomes(is_recovered)
    assert (await taken(other)).key == "one"


async def test_a_clock_set_back_freezes_no_retry_longer_than_until_it_is_swept(scene: Scene) -> None:
    queue = scene.worker()
    jobs = StreamsJobQueue(queue)
    await jobs.enqueue(request())
    await (await taken(queue)).retry("once more")
    await scene.redis.zincrby(f"{scene.stream}:incomplete", HOUR, "one")  # due an hour from what is now "now"
    assert await nothing_to_take(queue)

    assert await jobs.enqueue(request()) is False  # there already, says the sweep's next round

    assert (await taken(queue)).key == "one"


async def test_a_sweep_cuts_no_retrys_pause_short(scene: Scene) -> None:
    queue = scene.worker()
    jobs = StreamsJobQueue(queue)
    await jobs.enqueue(request())
    await (await taken(queue)).retry("once more")
    due = await scene.score("one")
    await scene.redis.zadd(f"{scene.stream}:incomplete", {"one": due + 55})

    await jobs.enqueue(request())

    assert abs(await scene.score("one") - (due + 55)) < 1


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_schedule_waits_as_long_as_it_says_whatever_the_two_clocks_say(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Of a worker whose clock is not Redis's."""
    queue = scene.worker()
    here = time.time() + hours * HOUR
    monkeypatch.setattr("adapters.streams.queue.now", lambda: int(here * 1000))

    await queue.enqueue("a.b", key="one", scheduled=int(here) + 30)

    seconds, _ = await scene.redis.time()
    assert 25 < await scene.score("one") - seconds < 35


async def test_a_scheduled_job_that_a_clock_set_back_put_off_is_due_when_it_is_asked_for_again(scene: Scene) -> None:
    queue = scene.worker()
    moment = int(time.time()) + 30
    await queue.enqueue("a.b", key="one", scheduled=moment)
    await scene.redis.zincrby(f"{scene.stream}:incomplete", HOUR, "one")

    await queue.enqueue("a.b", key="one", scheduled=moment)

    assert abs(await scene.score("one") - moment) < 2
