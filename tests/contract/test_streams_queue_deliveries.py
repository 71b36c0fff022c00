"""Who has a job, and what becomes of it: fences, giving back, scheduling by itself, and a Redis that forgets."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from saq.job import Job, Status

from adapters.streams.deliveries import entry_of
from adapters.streams.job_queue import StreamsJobQueue
from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue import StreamsQueue
from adapters.streams.worker import StreamsWorker
from contract.queues_under_test import FAST, becomes, ends, flushed, ours, own_database, status_of, taken, working
from core.domain.errors import Unavailable
from core.domain.jobs import JobRequest
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers
from ports.job_queue import MAX_JOBS_AT_ONCE, JobQueue

SLOW = StreamsQueueLimits(
    renew_seconds=20, idle_seconds=60, schedule_poll_seconds=20, recovery_poll_seconds=20, read_block_seconds=0.2
)
"""Nothing happens by itself within a test."""


@pytest.fixture
async def url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """A database of the test's own."""
    own = own_database(servers.redis_url)
    async with flushed(own):
        yield own


@pytest.fixture
async def queue(url: str) -> AsyncIterator[StreamsQueue]:
    """A queue."""
    made = ours(url, name="jobs")
    await made.connect()
    yield made
    await made.disconnect()


@pytest.fixture
async def other(url: str) -> AsyncIterator[StreamsQueue]:
    """The same queue, in another worker's hands."""
    made = ours(url, name="jobs")
    await made.connect()
    yield made
    await made.disconnect()


def request_for(key: str, **changes: Any) -> JobRequest:
    """A job."""
    fields: dict[str, Any] = {
        "name": "operations.run",
        "arguments": {"operation_id": "op-1", "key": "eaten?", "status": "paid", "timeout": 3},
        "key": key,
        "timeout_seconds": 30,
        "attempts": 4,
        "retry_delay_seconds": 2.0,
        "max_retry_delay_seconds": 60.0,
    }
    return JobRequest(**fields | changes)


async def test_every_key_of_the_queue_is_under_its_name(queue: StreamsQueue) -> None:
    await queue.enqueue("a.b", key="one")
    await queue.enqueue("a.b", key="later", scheduled=int(time.time()) + 60)
    await queue.worker_info("w-1", queue_key="jobs")
    running = await taken(queue)
    await running.abort("not wanted")
    keys = {key.decode() for key in await queue.redis.keys("*")}
    assert "bursar:jobs" in keys
    assert all(key == "bursar:jobs" or key.startswith("bursar:jobs:") for key in keys), keys


async def test_a_job_with_every_limit_arrives_whole(queue: StreamsQueue) -> None:
    jobs: JobQueue = StreamsJobQueue(queue)
    assert await jobs.enqueue(request_for("one"))
    assert not await jobs.enqueue(request_for("one"))
    job = await taken(queue)
    assert (job.function, job.key) == ("operations.run", "one")
    assert job.kwargs == {"operation_id": "op-1", "key": "eaten?", "status": "paid", "timeout": 3}
    assert (job.timeout, job.retries, job.retry_delay, job.retry_backoff) == (30, 4, 2.0, 60.0)
    assert (job.heartbeat, job.scheduled, job.ttl) == (0, 0, 300)
    assert 0 <= job.next_retry_delay() <= 2.0


async def test_many_jobs_are_queued_in_one_step_and_the_new_ones_counted(queue: StreamsQueue) -> None:
    jobs = StreamsJobQueue(queue)
    assert await jobs.enqueue_many([]) == 0
    assert await jobs.enqueue_many([request_for("k1"), request_for("k2")]) == 2
    assert await jobs.enqueue_many([request_for(f"k{number}") for number in range(MAX_JOBS_AT_ONCE)]) == 498
    assert await queue.count("queued") == MAX_JOBS_AT_ONCE
    with pytest.raises(ValueError, match="501 jobs"):
        await jobs.enqueue_many([request_for(f"k{number}") for number in range(MAX_JOBS_AT_ONCE + 1)])


async def test_a_queue_that_does_not_answer_is_unavailable() -> None:
    queue = ours(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable):
        await StreamsJobQueue(queue).enqueue(request_for("one"))
    await queue.disconnect()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "run"},
        {"name": "Operations.Run"},
        {"key": ""},
        {"key": "a/b"},
        {"key": "k" * 201},
        {"timeout_seconds": 0},
        {"attempts": 0},
        {"retry_delay_seconds": -1.0},
        {"retry_delay_seconds": 61.0},
        {"arguments": {"body": "x" * 201}},
    ],
)
def test_a_job_that_breaks_the_rules_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        request_for(**{"key": "one"} | wrong)


def test_timers_that_would_steal_live_jobs_are_refused() -> None:
    with pytest.raises(ValueError, match="three renewals"):
        StreamsQueueLimits(renew_seconds=4, idle_seconds=10)


async def test_due_jobs_run_without_anybody_asking_for_it(queue: StreamsQueue) -> None:
    """SAQ's own queue moves them when its worker's timer says so, and needs a lock of whole seconds for it."""
    ran: list[float] = []

    async def run(_context: Any) -> None:
        ran.append(time.time())

    due = int(time.time()) + 1
    async with working(queue, {"a.b": run}, timers={"schedule": 60, "worker_info": 60, "sweep": 60, "abort": 60}):
        await queue.enqueue("a.b", key="one", scheduled=due)
        await ends(queue, "one", Status.COMPLETE)
    assert 0 <= ran[0] - due < 1


async def test_more_due_jobs_than_one_step_moves_are_all_moved(queue: StreamsQueue) -> None:
    jobs = [Job("a.b", key=f"k{number}", scheduled=int(time.time()) - 1) for number in range(1200)]
    await queue.enqueue_jobs(jobs)
    assert len(await queue.schedule()) == 1200
    assert await queue.count("queued") == 1200


async def test_aborting_a_scheduled_job_ends_it(queue: StreamsQueue) -> None:
    """SAQ's own queue leaves it aborting for ever."""
    job = await queue.enqueue("a.b", key="one", scheduled=int(time.time()) + 60)
    assert job is not None
    await job.abort("not wanted")
    assert await status_of(queue, "one") is Status.ABORTED
    assert await queue.count("incomplete") == 0


async def test_aborting_a_finished_job_changes_nothing(queue: StreamsQueue) -> None:
    """SAQ's own queue leaves it aborting for ever."""
    await queue.enqueue("a.b", key="one")
    await (await taken(queue)).finish(Status.COMPLETE, result=1)
    looked_up = await queue.job("one")
    assert looked_up is not None
    await looked_up.abort("too late")
    assert (looked_up.status, looked_up.error) == (Status.COMPLETE, None)
    assert await status_of(queue, "one") is Status.COMPLETE


async def test_a_job_aborted_while_its_worker_is_lost_ends_aborted(queue: StreamsQueue, other: StreamsQueue) -> None:
    async def takes_it_and_dies() -> None:
        await (await taken(queue)).update(status=Status.ACTIVE)

    await queue.enqueue("a.b", key="one")
    await asyncio.create_task(takes_it_and_dies())
    looked_up = await other.job("one")
    assert looked_up is not None
    await other.abort(looked_up, "not wanted", ttl=0.1)
    assert await other.dequeue(timeout=0.1) is None  # it looks after the entries from now on
    await ends(other, "one", Status.ABORTED)
    assert await other.count("active") == 0


async def test_an_abort_between_taking_and_starting_is_not_overwritten(queue: StreamsQueue) -> None:
    """SAQ's own queue writes ACTIVE over it, and the job runs on."""
    await queue.enqueue("a.b", key="one")
    job = await taken(queue)
    looked_up = await queue.job("one")
    assert looked_up is not None
    await looked_up.abort("not wanted")
    await job.update(status=Status.ACTIVE)
    assert await status_of(queue, "one") is Status.ABORTING
    await job.finish(Status.ABORTED, error="not wanted")
    assert await status_of(queue, "one") is Status.ABORTED
    assert await queue.count("active") == 0


async def test_pages_of_jobs_do_not_overlap(queue: StreamsQueue) -> None:
    """SAQ's own queue gives a page of the wrong size behind the first one."""
    for number in range(25):
        await queue.enqueue("a.b", key=f"k{number:02}")
    for _ in range(5):
        await taken(queue)
    pages = [[job["key"] for job in (await queue.info(jobs=True, offset=at, limit=10))["jobs"]] for at in (0, 10, 20)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(pages[0][:5]) == [f"k{number:02}" for number in range(5)]
    assert sorted(key for page in pages for key in page) == [f"k{number:02}" for number in range(25)]


async def test_a_stale_finish_changes_nothing(url: str) -> None:
    slow, quick = ours(url, name="jobs", limits=SLOW), ours(url, name="jobs")
    await slow.enqueue("a.b", key="one", retries=5)
    stale = await taken(slow)
    await stale.update(status=Status.ACTIVE)
    current = await asyncio.wait_for(_next(quick), 5)
    await current.update(status=Status.ACTIVE, progress=0.7)

    await stale.update(progress=0.1)
    await stale.finish(Status.COMPLETE, result="stale")
    await stale.retry("stale")
    await stale.finish(Status.FAILED, error="stale")

    stored = await quick.job("one")
    assert stored is not None
    assert (stored.status, stored.progress, stored.result) == (Status.ACTIVE, 0.7, None)
    assert await quick.count("active") == 1
    assert await quick.count("queued") == 0
    await current.finish(Status.COMPLETE, result="good")
    assert (await ends(quick, "one", Status.COMPLETE)).result == "good"
    await slow.disconnect()
    await quick.disconnect()


async def _next(queue: StreamsQueue) -> Job:
    job = await queue.dequeue()
    assert job is not None
    return job


async def test_a_finish_in_the_moment_of_being_taken_over_changes_nothing(
    queue: StreamsQueue, other: StreamsQueue
) -> None:
    """Somebody has claimed the entry, and not yet moved the job."""
    await queue.enqueue("a.b", key="one", retries=5)
    stale = await taken(queue)
    await stale.update(status=Status.ACTIVE)
    await queue.redis.xclaim("bursar:jobs", "workers", other.consumer, 0, [entry_of(stale)])
    await stale.finish(Status.COMPLETE)
    assert await status_of(queue, "one") is Status.ACTIVE
    assert (await asyncio.wait_for(_next(other), 5)).key == "one"


async def test_a_finish_of_an_aborted_job_leaves_its_successor_alone(queue: StreamsQueue) -> None:
    """The mark of an abort lives a while only; its worker may take longer, and the key is queued again."""
    await queue.enqueue("a.b", key="one")
    old = await taken(queue)
    looked_up = await queue.job("one")
    assert looked_up is not None
    await queue.abort(looked_up, "not wanted", ttl=0.01)
    await asyncio.sleep(0.05)
    assert await queue.enqueue("a.b", key="one") is not None
    await old.finish(Status.ABORTED, error="not wanted")
    await queue.finish_abort(looked_up)
    assert await queue.count("active") == 0
    assert (await taken(queue)).key == "one"


async def test_a_job_at_work_is_never_taken_away(url: str, queue: StreamsQueue) -> None:
    other = ours(url, name="jobs", limits=replace(FAST, recovery_poll_seconds=0.01))
    await queue.enqueue("a.b", key="one")
    job = await taken(queue)
    await job.update(status=Status.ACTIVE)
    assert await other.dequeue(timeout=2 * FAST.idle_seconds) is None
    await job.finish(Status.COMPLETE)
    assert await status_of(queue, "one") is Status.COMPLETE
    await other.disconnect()


async def test_an_entry_whose_task_ended_without_finishing_comes_back(queue: StreamsQueue) -> None:
    """Of a bug, or of a finish that Redis did not hear: nobody works on it any more, though the process lives."""
    await queue.enqueue("a.b", key="one", retries=5)

    async def takes_it_and_ends() -> None:
        await taken(queue)

    await asyncio.create_task(takes_it_and_ends())
    job = await asyncio.wait_for(_next(queue), 5)
    assert (job.key, job.attempts) == ("one", 1)


async def test_a_disconnected_worker_gives_its_jobs_back_at_once_and_uncounted(
    queue: StreamsQueue, other: StreamsQueue
) -> None:
    await queue.enqueue("a.b", key="started", retries=1)
    await queue.enqueue("a.b", key="only-taken", retries=1)
    started = await taken(queue)
    started.attempts += 1
    await started.update(status=Status.ACTIVE)
    await taken(queue)
    await queue.disconnect()
    jobs = {job.key: job for job in (await taken(other), await taken(other))}
    assert {key: (job.attempts, job.status) for key, job in jobs.items()} == {
        "started": (0, Status.QUEUED),
        "only-taken": (0, Status.QUEUED),
    }
    consumers = await other.redis.xinfo_consumers("bursar:jobs", "workers")
    assert [consumer["name"].decode() for consumer in consumers] == [other.consumer]


async def test_a_worker_that_stops_waits_for_its_jobs_and_takes_no_more(url: str) -> None:
    queue = ours(url, name="jobs")
    done: list[str] = []

    async def run(context: Any) -> None:
        await asyncio.sleep(0.5)
        done.append(context["job"].key)

    async with working(queue, {"a.b": run}, kind=StreamsWorker, concurrency=2, shutdown_grace_period_s=20):
        for key in ("one", "two", "three"):
            await queue.enqueue("a.b", key=key)
        await ends(queue, "two", Status.ACTIVE)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert sorted(done) == ["one", "two"]
    assert await queue.count("queued") == 1
    await queue.disconnect()


async def test_what_still_runs_after_the_grace_period_is_given_back_uncounted(url: str, other: StreamsQueue) -> None:
    queue = ours(url, name="jobs")

    async def run(_context: Any) -> None:
        await asyncio.sleep(60)

    async with working(queue, {"a.b": run}, kind=StreamsWorker, shutdown_grace_period_s=0.3):
        await queue.enqueue("a.b", key="one", retries=1, timeout=0)
        await ends(queue, "one", Status.ACTIVE)
    job = await taken(other)
    assert (job.key, job.attempts, job.error) == ("one", 0, None)
    await queue.disconnect()


async def test_what_resists_its_cancellation_is_given_back_at_the_end(url: str, other: StreamsQueue) -> None:
    queue = ours(url, name="jobs")
    is_over = asyncio.Event()

    async def run(_context: Any) -> None:
        while not is_over.is_set():
            try:
                await is_over.wait()
            except asyncio.CancelledError:
                continue

    async with working(
        queue, {"a.b": run}, kind=StreamsWorker, shutdown_grace_period_s=0.1, cancellation_hard_deadline_s=0.2
    ):
        await queue.enqueue("a.b", key="one", retries=1, timeout=0)
        await ends(queue, "one", Status.ACTIVE)
    await queue.disconnect()
    assert (await taken(other)).key == "one"
    is_over.set()


async def test_a_delivery_in_the_moment_of_stopping_is_given_back(url: str) -> None:
    """Redis may have delivered when the waiting task is cancelled."""
    other = ours(url, name="jobs", limits=SLOW)
    for round_ in range(10):
        queue = ours(url, name="jobs", limits=replace(SLOW, read_block_seconds=0.3))
        waiting = asyncio.create_task(queue.dequeue())
        await asyncio.sleep(0.02)
        cancelling = asyncio.create_task(_cancel_soon(waiting, 0.0002 * round_))
        await other.enqueue("a.b", key=f"k{round_}", retries=1)
        await cancelling
        await queue.disconnect()
        job = await taken(other)
        assert (job.key, job.attempts) == (f"k{round_}", 0)
        await job.finish(Status.COMPLETE)
    await other.disconnect()


async def _cancel_soon(task: "asyncio.Task[Any]", seconds: float) -> None:
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])


async def test_a_flush_under_a_running_worker_costs_what_was_queued_and_no_more(queue: StreamsQueue) -> None:
    done: list[str] = []
    go_on = asyncio.Event()

    async def run(context: Any) -> None:
        if context["job"].key == "before":
            await go_on.wait()
        done.append(context["job"].key)

    async with working(queue, {"a.b": run}):
        await queue.enqueue("a.b", key="before", timeout=60)
        await ends(queue, "before", Status.ACTIVE)
        await queue.redis.flushdb()
        assert await queue.info(jobs=True) == {
            "workers": {}, "name": "jobs", "queued": 0, "active": 0, "scheduled": 0, "jobs": []
        }  # fmt: skip
        await queue.enqueue("a.b", key="after")
        await ends(queue, "after", Status.COMPLETE)
        go_on.set()

        async def ran_on() -> bool:
            return "before" in done

        await becomes(ran_on)
        await queue.sweep()
    assert await status_of(queue, "before") is None
    assert await queue.count("incomplete") == 0
    assert sorted(done) == ["after", "before"]


async def test_jobs_queued_before_there_was_a_group_are_delivered(queue: StreamsQueue) -> None:
    await queue.enqueue("a.b", key="one")
    assert await queue.count("queued") == 1
    assert (await queue.info(jobs=True))["jobs"][0]["key"] == "one"
    assert (await taken(queue)).key == "one"


async def test_silent_consumers_are_forgotten_and_those_with_work_are_not(url: str) -> None:
    queue = ours(url, name="jobs", limits=replace(FAST, consumer_forgotten_seconds=0.3))
    busy = ours(url, name="jobs", limits=SLOW)
    silent = ours(url, name="jobs", limits=SLOW)
    for key in ("one", "two", "three"):
        await busy.enqueue("a.b", key=key)
    await taken(busy)
    await (await taken(silent)).finish(Status.COMPLETE)  # Redis 7.0 lists those alone that ever got something
    await asyncio.sleep(0.4)
    await (await taken(queue)).finish(Status.COMPLETE)
    await queue._commands.forget_silent_consumers(0.3)
    names = {each["name"].decode() for each in await queue.redis.xinfo_consumers("bursar:jobs", "workers")}
    assert names == {queue.consumer, busy.consumer}
    for each in (queue, busy, silent):
        await each.disconnect()
