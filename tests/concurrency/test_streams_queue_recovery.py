"""Workers that are killed, stopped and left behind, and a Redis that forgets: every effect once, and soon."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from saq.job import Job, Status

from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue import StreamsQueue
from adapters.streams.worker import StreamsWorker
from concurrency import queue_worker
from concurrency.queue_worker import GO, JOB, QUEUE, effect_of
from contract.queues_under_test import FAST, becomes, ends, flushed, ours, own_database, taken, working
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.run_as import choose_run_as
from entrypoints.embedded.server_programs import embedded_valkey_server
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.embedded.valkey import ValkeyServer

PRODUCTION = StreamsQueueLimits()
IN_FLIGHT = 20
TOO_LATE_SECONDS = 15.0
LOST_AFTER_KILL = {"FAST": FAST.idle_seconds + 2.0, "PRODUCTION": TOO_LATE_SECONDS}
"""With fast timers the idle time, and what a busy machine may need besides; in production what was promised."""


@pytest.fixture
async def url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """A database of the test's own."""
    own = own_database(servers.redis_url)
    async with flushed(own):
        yield own


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Redis]:
    """A look at it."""
    client = Redis.from_url(url)
    yield client
    await client.aclose()


@asynccontextmanager
async def child_worker(url: str, limits: StreamsQueueLimits, *, concurrency: int) -> AsyncGenerator[Any]:
    """A worker in a process of its own; killed at the end, if nobody did it before."""
    options = {"url": url, "limits": asdict(limits), "concurrency": concurrency}
    process = await asyncio.create_subprocess_exec(sys.executable, queue_worker.__file__, json.dumps(options))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def our_worker(url: str, limits: StreamsQueueLimits = FAST, name: str = "ours") -> AsyncGenerator[StreamsQueue]:
    """A worker in this process; its queue."""
    queue = ours(url, name=QUEUE, limits=limits)
    await queue.connect()
    async with working(
        queue, {JOB: effect_of(queue.redis, name)}, kind=StreamsWorker, concurrency=25, dequeue_timeout=0.5
    ):
        yield queue
    await queue.disconnect()


async def listed(redis: Redis, what: str) -> list[tuple[str, str, int, float]]:
    """What the jobs noted: key, worker, attempt and time."""
    return [tuple(json.loads(line)) for line in await redis.lrange(f"test:{what}", 0, -1)]


async def many(redis: Redis, what: str, number: int, *, within: float = 20.0) -> list[tuple[str, str, int, float]]:
    """Wait until so many were noted."""

    async def are_there() -> bool:
        return await redis.llen(f"test:{what}") >= number

    await becomes(are_there, within=within)
    return await listed(redis, what)


def effect(key: str, *, first: float, later: float = 0.1, waits_for_go: int = 0) -> Job:
    """A job whose first attempt takes so long, and any other *later* seconds."""
    arguments = {"first_seconds": first, "later_seconds": later, "waits_for_go": waits_for_go}
    return Job(JOB, kwargs=arguments, key=key, timeout=120, retries=5, ttl=300)


@pytest.mark.parametrize("timers", ["FAST", pytest.param("PRODUCTION", marks=pytest.mark.faults)])
async def test_jobs_of_a_killed_worker_run_again_soon_and_no_live_job_is_stolen(
    url: str, redis: Redis, timers: str
) -> None:
    limits = {"FAST": FAST, "PRODUCTION": PRODUCTION}[timers]
    long = 1.2 * limits.idle_seconds
    client = ours(url, name=QUEUE)
    async with child_worker(url, limits, concurrency=IN_FLIGHT) as child:
        await client.enqueue_jobs(
            [effect(f"k{number}", first=60, later=2.0 if number % 5 == 0 else 0.1) for number in range(IN_FLIGHT)]
        )
        begun = await many(redis, "begun", IN_FLIGHT)
        assert {worker for _key, worker, _attempt, _at in begun} == {"child"}
        async with our_worker(url, limits):
            await client.enqueue_jobs([effect("live", first=long)])
            await many(redis, "begun", IN_FLIGHT + 1)
            await asyncio.sleep(limits.renew_seconds)  # the child's entries are as young as they can be
            child.send_signal(signal.SIGKILL)
            killed = time.time()
            await many(redis, "effects", IN_FLIGHT + 1, within=60)
    effects = await listed(redis, "effects")
    assert sorted(key for key, *_ in effects) == sorted([*(f"k{number}" for number in range(IN_FLIGHT)), "live"])
    recovered = [(key, at - killed) for key, worker, _attempt, at in effects if key != "live" and worker == "ours"]
    assert len(recovered) == IN_FLIGHT
    assert max(late for _key, late in recovered) < LOST_AFTER_KILL[timers] + (2.0 if timers == "FAST" else 0)
    again = [at - killed for key, _worker, attempt, at in await listed(redis, "begun") if attempt == 2]
    assert len(again) == IN_FLIGHT
    assert max(again) < LOST_AFTER_KILL[timers]
    assert max(again) - min(again) < LOST_AFTER_KILL[timers] / 2, "one after the other"
    assert len([key for key, *_ in await listed(redis, "begun") if key == "live"]) == 1
    assert len(await listed(redis, "ended")) == IN_FLIGHT + 1
    assert await client.count("incomplete") == 0
    await client.disconnect()


@pytest.mark.faults
async def test_a_worker_killed_over_and_over_loses_nothing(url: str, redis: Redis) -> None:
    client = ours(url, name=QUEUE)
    await client.enqueue_jobs([effect(f"k{number}", first=60, later=0.1) for number in range(5)])
    for round_ in range(2):
        async with child_worker(url, FAST, concurrency=5):
            await many(redis, "begun", 5 * (round_ + 1))
    async with our_worker(url):
        await many(redis, "effects", 5)
    assert sorted(key for key, *_ in await listed(redis, "effects")) == [f"k{number}" for number in range(5)]
    assert await client.count("incomplete") == 0
    await client.disconnect()


async def test_a_terminated_worker_hands_its_jobs_on_at_once(url: str, redis: Redis) -> None:
    client = ours(url, name=QUEUE)
    async with child_worker(url, PRODUCTION, concurrency=5) as child:
        await client.enqueue_jobs([effect(f"k{number}", first=60) for number in range(5)])
        await many(redis, "begun", 5)
        child.send_signal(signal.SIGTERM)
        await asyncio.wait_for(child.wait(), 10)
        assert child.returncode == 0
        assert await client.count("active") == 0
        assert await client.count("queued") == 5
        jobs = [await client.job(f"k{number}") for number in range(5)]
        assert [job and (job.attempts, job.status) for job in jobs] == [(0, Status.QUEUED)] * 5
    await client.disconnect()


async def test_a_worker_that_slept_does_not_finish_what_is_anothers_now(url: str, redis: Redis) -> None:
    client = ours(url, name=QUEUE)
    async with child_worker(url, FAST, concurrency=2) as child:
        await client.enqueue_jobs([effect("one", first=0.8, later=0.0, waits_for_go=2)])
        await many(redis, "begun", 1)
        child.send_signal(signal.SIGSTOP)
        async with our_worker(url):
            begun = await many(redis, "begun", 2)
            assert [(worker, attempt) for _key, worker, attempt, _at in begun] == [("child", 1), ("ours", 2)]
            child.send_signal(signal.SIGCONT)
            ended = await many(redis, "ended", 1)
            assert ended[0][1] == "child"
            await asyncio.sleep(3 * FAST.renew_seconds)  # it has tried to finish by then
            job = await client.job("one")
            assert job is not None
            assert (job.status, job.attempts) == (Status.ACTIVE, 2)
            assert await client.count("active") == 1
            await redis.set(GO, "1")
            assert (await ends(client, "one", Status.COMPLETE)).result == "ours"
        assert [worker for _key, worker, *_ in await listed(redis, "effects")] == ["child"]
        await client.enqueue_jobs([effect("two", first=0)])
        assert (await ends(client, "two", Status.COMPLETE)).result == "child"
    await client.disconnect()


async def test_a_worker_that_slept_alone_goes_on_with_what_it_had(url: str, redis: Redis) -> None:
    client = ours(url, name=QUEUE)
    async with child_worker(url, FAST, concurrency=4) as child:
        await client.enqueue_jobs([effect(f"k{number}", first=2.0) for number in range(4)])
        await many(redis, "begun", 4)
        child.send_signal(signal.SIGSTOP)
        await asyncio.sleep(1.5 * FAST.idle_seconds)
        child.send_signal(signal.SIGCONT)
        await many(redis, "effects", 4)
        for number in range(4):
            await ends(client, f"k{number}", Status.COMPLETE)
        assert len(await listed(redis, "begun")) == 4
    await client.disconnect()


async def test_three_deliveries_of_a_job_at_once_have_one_effect(url: str, redis: Redis) -> None:
    never = StreamsQueueLimits(
        renew_seconds=20, idle_seconds=60, schedule_poll_seconds=20, recovery_poll_seconds=20, read_block_seconds=0.2
    )
    queues = [ours(url, name=QUEUE, limits=never) for _ in range(3)]
    await queues[0].enqueue(effect("one", first=0.3, later=0.3))
    deliveries: list[tuple[StreamsQueue, Job]] = []
    for queue in queues:
        if deliveries:
            await _make_idle(redis, deliveries[-1][0])
            assert await queue.sweep() == [queue.job_id("one")]
        job = await taken(queue)
        job.attempts += 1
        await job.update(status=Status.ACTIVE)
        deliveries.append((queue, job))

    async def run(queue: StreamsQueue, job: Job) -> None:
        result = await effect_of(redis, queue.consumer)({"job": job}, **job.kwargs or {})
        await job.finish(Status.COMPLETE, result=result)

    await asyncio.gather(*(run(*delivery) for delivery in deliveries))
    assert len(await listed(redis, "ended")) == 3
    assert len(await listed(redis, "effects")) == 1
    assert (await ends(queues[0], "one", Status.COMPLETE)).result == queues[-1].consumer
    assert await queues[0].count("incomplete") == await queues[0].count("active") == 0
    for queue in queues:
        await queue.disconnect()


async def _make_idle(redis: Redis, queue: StreamsQueue) -> None:
    """As if the consumer had said nothing for two minutes."""
    for held in await redis.xpending_range(f"bursar:{QUEUE}", "workers", "-", "+", 10):
        await redis.xclaim(
            f"bursar:{QUEUE}", "workers", queue.consumer, 0, [held["message_id"]], idle=120_000, justid=True
        )


@pytest.mark.faults
async def test_many_who_recover_at_once_move_each_job_once(url: str, redis: Redis) -> None:
    client = ours(url, name=QUEUE)
    async with child_worker(url, FAST, concurrency=IN_FLIGHT):
        await client.enqueue_jobs([effect(f"k{number}", first=60) for number in range(IN_FLIGHT)])
        await many(redis, "begun", IN_FLIGHT)
    async with our_worker(url, name="a"), our_worker(url, name="b"), our_worker(url, name="c"):
        await many(redis, "effects", IN_FLIGHT)
    again = [key for key, _worker, attempt, _at in await listed(redis, "begun") if attempt > 1]
    assert len(again) == len(set(again)) == IN_FLIGHT
    assert await client.count("incomplete") == 0
    await client.disconnect()


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    """A Valkey that a test may do anything to."""
    program = embedded_valkey_server()
    run_as = choose_run_as([program, "--version"])
    home = tmp_path / "home"
    home.mkdir()
    run_as.own_all(home)
    server = ValkeyServer(home, program=program, port=free_port(), run_as=run_as)
    await server.start()
    yield server
    await server.stop()


async def test_flushall_under_live_workers_makes_none_look_dead(own_valkey: ValkeyServer) -> None:
    redis = Redis.from_url(own_valkey.url)
    async with our_worker(own_valkey.url, name="a") as queue, our_worker(own_valkey.url, name="b"):
        await queue.enqueue_jobs([effect("before", first=2 * FAST.idle_seconds)])
        await many(redis, "begun", 1)
        await redis.flushall()
        await queue.enqueue_jobs([effect(f"k{number}", first=0.05) for number in range(10)])
        await many(redis, "ended", 11)
        await queue.enqueue_jobs([effect("before", first=0.05)])  # a sweeper queues again what the flush has cost
        await many(redis, "ended", 12)
    effects = sorted(key for key, *_ in await listed(redis, "effects"))
    assert effects == sorted(["before", *(f"k{number}" for number in range(10))])
    assert all(attempt == 1 for _key, _worker, attempt, _at in await listed(redis, "ended"))
    await redis.aclose()


@pytest.mark.faults
async def test_a_redis_that_was_away_for_long_brings_no_live_job_to_another(own_valkey: ValkeyServer) -> None:
    """Idle times go on while it is down."""
    client, limits = ours(own_valkey.url, name=QUEUE), FAST
    redis = client.redis  # which connects again
    async with our_worker(own_valkey.url, limits, "a") as queue, our_worker(own_valkey.url, limits, "b"):
        await queue.enqueue_jobs([effect(f"k{number}", first=5.0) for number in range(4)])
        await many(redis, "begun", 4)
        await asyncio.sleep(2.2)  # the journal of Valkey is written every second
        await own_valkey.kill()
        await asyncio.sleep(1.5 * limits.idle_seconds)
        await own_valkey.start()
        for number in range(4):
            await ends(queue, f"k{number}", Status.COMPLETE)
    assert len(await listed(redis, "begun")) == 4
    assert len(await listed(redis, "effects")) == 4
    await client.disconnect()
