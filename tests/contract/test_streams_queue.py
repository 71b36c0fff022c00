"""
What SAQ asks of a queue, asked of SAQ's own Redis queue and of ours.

A test that asks only one of them says why.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from saq.job import CronJob, Job, Status
from saq.queue.base import JobError, Queue

from contract.queues_under_test import (
    becomes,
    ends,
    flushed,
    nothing_to_take,
    ours,
    own_database,
    saqs_own,
    status_of,
    taken,
    working,
)
from entrypoints.embedded.servers import EmbeddedServers

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # by SAQ's own queue


@pytest.fixture(params=[saqs_own, ours], ids=["saq", "streams"])
async def queue(request: pytest.FixtureRequest, servers: EmbeddedServers) -> AsyncIterator[Queue]:
    """A queue of a test's own."""
    url = own_database(servers.redis_url)
    async with flushed(url):
        made = request.param(url)
        await made.connect()
        yield made
        await made.disconnect()


async def test_a_job_is_taken_as_it_was_queued(queue: Queue) -> None:
    queued = await queue.enqueue(
        Job("pay.out", kwargs={"id": "p-1", "n": 3}, timeout=7, retries=4, retry_delay=1.5, retry_backoff=60.0)
    )
    assert queued is not None
    assert queued.status is Status.QUEUED
    job = await taken(queue)
    assert (job.key, job.function, job.kwargs) == (queued.key, "pay.out", {"id": "p-1", "n": 3})
    assert (job.timeout, job.retries, job.retry_delay, job.retry_backoff) == (7, 4, 1.5, 60.0)
    assert job.queued == queued.queued
    assert await nothing_to_take(queue)


async def test_jobs_are_taken_in_the_order_they_were_queued(queue: Queue) -> None:
    for number in range(5):
        await queue.enqueue("a.b", key=f"k{number}")
    assert [(await taken(queue)).key for _ in range(5)] == ["k0", "k1", "k2", "k3", "k4"]


async def test_a_key_is_queued_once_until_it_is_finished(queue: Queue) -> None:
    assert await queue.enqueue("a.b", key="one") is not None
    assert await queue.enqueue("a.b", key="one") is None
    job = await taken(queue)
    assert await queue.enqueue("a.b", key="one") is None
    await job.finish(Status.COMPLETE)
    assert await queue.enqueue("a.b", key="one") is not None


async def test_of_many_who_queue_a_key_at_once_one_does(queue: Queue) -> None:
    answers = await asyncio.gather(*(queue.enqueue("a.b", key="one") for _ in range(20)))
    assert sum(answer is not None for answer in answers) == 1
    assert await queue.count("queued") == 1


async def test_a_job_of_another_queue_is_refused(queue: Queue) -> None:
    job = Job("a.b", key="one")
    await queue.enqueue(job)
    job.queue = type("Other", (), {"name": "another"})()
    with pytest.raises(ValueError, match="different queue"):
        await queue.enqueue(job)


async def test_a_finished_job_is_remembered_with_its_result_for_its_time(queue: Queue) -> None:
    for key, ttl in (("kept", 600), ("for-ever", 0), ("forgotten", -1)):
        await queue.enqueue("a.b", key=key, ttl=ttl)
        job = await taken(queue)
        await job.finish(Status.COMPLETE, result={"n": 1})
    kept = await queue.job("kept")
    assert kept is not None
    assert (kept.status, kept.result, kept.progress) == (Status.COMPLETE, {"n": 1}, 1.0)
    redis: Any = queue.redis  # type: ignore[attr-defined]  # both have one
    assert 590 < await redis.ttl(queue.job_id("kept")) <= 600
    assert await redis.ttl(queue.job_id("for-ever")) == -1
    assert await queue.job("forgotten") is None
    assert queue.complete == 3


async def test_a_scheduled_job_waits_for_its_time(queue: Queue) -> None:
    await queue.enqueue("a.b", key="later", scheduled=int(time.time()) + 2)
    assert await nothing_to_take(queue)
    assert await queue.count("incomplete") == 1
    assert (await queue.info())["scheduled"] == 1

    async def is_due() -> bool:
        await queue.schedule()
        return await queue.count("queued") == 1

    await becomes(is_due)
    assert (await taken(queue)).key == "later"


async def test_scheduling_answers_the_ids_of_what_it_moved(queue: Queue) -> None:
    await queue.enqueue("a.b", key="due", scheduled=int(time.time()) - 1)
    assert await queue.schedule() == [queue.job_id("due")]
    assert await queue.schedule() == []


async def test_a_job_is_retried_at_once_without_a_delay(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one", retries=3)
    job = await taken(queue)
    job.attempts += 1
    await job.update(status=Status.ACTIVE)
    await job.retry("it broke")
    again = await taken(queue)
    assert (again.key, again.status, again.attempts, again.error) == ("one", Status.QUEUED, 1, "it broke")
    assert (again.started, again.completed) == (0, 0)
    assert queue.retried == 1


async def test_a_job_is_retried_after_its_delay(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one", retries=3, retry_delay=0.6)
    job = await taken(queue)
    began = time.monotonic()
    await job.retry("it broke")
    assert await queue.enqueue("a.b", key="one") is None
    assert (await queue.info())["scheduled"] == 1

    async def is_due() -> bool:
        await queue.schedule()
        return await queue.count("queued") == 1

    await becomes(is_due)
    assert (await taken(queue)).key == "one"
    assert 0.5 < time.monotonic() - began < 2.5


async def test_a_finished_job_can_be_retried_by_hand(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one")
    await (await taken(queue)).finish(Status.FAILED, error="it broke")
    looked_up = await queue.job("one")
    assert looked_up is not None
    await looked_up.retry("retried from ui")
    assert (await taken(queue)).key == "one"


async def test_aborting_a_waiting_job_takes_it_out(queue: Queue) -> None:
    job = await queue.enqueue("a.b", key="one")
    assert job is not None
    await job.abort("not wanted")
    assert (await ends(queue, "one", Status.ABORTED)).error == "not wanted"
    assert await nothing_to_take(queue)
    assert queue.aborted == 1
    assert await queue.enqueue("a.b", key="one") is not None


async def test_aborting_a_running_job_stops_it(queue: Queue) -> None:
    stopped = asyncio.Event()

    async def run(_context: Any) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with working(queue, {"a.b": run}):
        job = await queue.enqueue("a.b", key="one", timeout=60)
        assert job is not None
        await ends(queue, "one", Status.ACTIVE)
        await job.abort("not wanted", ttl=30)
        assert await queue.enqueue("a.b", key="one") is None
        await asyncio.wait_for(stopped.wait(), 5)
        assert (await ends(queue, "one", Status.ABORTED)).error == "not wanted"

    async def is_free_again() -> bool:
        return await queue.enqueue("a.b", key="one") is not None

    await becomes(is_free_again)


async def test_an_update_keeps_the_status_unless_one_is_given(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one")
    job = await taken(queue)
    await job.update(status=Status.ACTIVE)
    await job.update(progress=0.5, meta={"step": 2})
    stored = await queue.job("one")
    assert stored is not None
    assert (stored.status, stored.progress, stored.meta) == (Status.ACTIVE, 0.5, {"step": 2})
    assert stored.touched > 0


async def test_an_abort_wins_over_an_update_of_the_job(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one")
    job = await taken(queue)
    await job.update(status=Status.ACTIVE)
    looked_up = await queue.job("one")
    assert looked_up is not None
    await looked_up.abort("not wanted")
    await job.update(progress=0.5)
    assert await status_of(queue, "one") is Status.ABORTING


async def test_jobs_are_looked_up_in_the_order_asked_for(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one")
    await queue.enqueue("a.b", key="two")
    assert [job and job.key for job in await queue.jobs(["two", "nobody", "one"])] == ["two", None, "one"]
    assert await queue.job("nobody") is None


async def test_all_jobs_are_walked_through_by_status(queue: Queue) -> None:
    for number in range(30):
        await queue.enqueue("a.b", key=f"k{number}")
    await (await taken(queue)).finish(Status.COMPLETE)
    waiting = {job.key async for job in queue.iter_jobs(statuses=[Status.QUEUED], batch_size=5)}
    assert waiting == {f"k{number}" for number in range(1, 30)}
    assert len({job.key async for job in queue.iter_jobs()}) == 30


async def test_the_counts_follow_a_job(queue: Queue) -> None:
    async def counts() -> tuple[int, int, int]:
        return await queue.count("queued"), await queue.count("active"), await queue.count("incomplete")

    assert await counts() == (0, 0, 0)
    await queue.enqueue("a.b", key="one")
    await queue.enqueue("a.b", key="two")
    assert await counts() == (2, 0, 2)
    job = await taken(queue)
    assert await counts() == (1, 1, 2)
    await job.finish(Status.COMPLETE)
    assert await counts() == (1, 0, 1)
    with pytest.raises(ValueError, match="unknown"):
        await queue.count("finished")  # type: ignore[arg-type]  # a kind there is not


async def test_the_page_sees_counts_workers_and_jobs(queue: Queue) -> None:
    for number in range(3):
        await queue.enqueue("a.b", key=f"k{number}", number=number)
    await queue.enqueue("a.b", key="later", scheduled=int(time.time()) + 60)
    await (await taken(queue)).update(status=Status.ACTIVE)
    await queue.worker_info("w-1", queue_key=queue.name, metadata={"version": "1"}, ttl=60)
    info = await queue.info(jobs=True)
    assert (info["name"], info["queued"], info["active"], info["scheduled"]) == (queue.name, 2, 1, 1)
    assert info["workers"]["w-1"]["metadata"] == {"version": "1"}
    stats = info["workers"]["w-1"]["stats"]
    assert stats is not None
    assert stats["complete"] == 0
    assert [job["key"] for job in info["jobs"]] == ["k0", "k1", "k2", "later"]
    assert info["jobs"][1]["kwargs"] == {"number": 1}
    assert (await queue.info())["jobs"] == []


async def test_listeners_hear_of_changes_until_they_have_enough(queue: Queue) -> None:
    heard: list[tuple[str, Status]] = []

    def listen(key: str, status: Status) -> bool:
        heard.append((key.rpartition(":")[2], status))
        return status is Status.COMPLETE

    listening = asyncio.create_task(queue.listen(["one"], listen, timeout=5))
    await asyncio.sleep(0.2)  # SAQ subscribes in the background and does not say when it has
    await queue.enqueue("a.b", key="one")
    job = await taken(queue)
    await job.update(status=Status.ACTIVE)
    await job.finish(Status.COMPLETE)
    await listening
    assert heard == [("one", Status.ACTIVE), ("one", Status.COMPLETE)]


async def test_listening_to_silence_times_out(queue: Queue) -> None:
    with pytest.raises(TimeoutError):
        await queue.listen(["one"], lambda _key, _status: True, timeout=0.1)
    await queue.listen([], lambda _key, _status: True)


async def test_a_job_can_be_waited_for(queue: Queue) -> None:
    async def run(_context: Any, *, number: int) -> int:
        await asyncio.sleep(0.3)
        return number + 1

    async with working(queue, {"a.b": run}):
        job = await queue.enqueue("a.b", number=1)
        assert job is not None
        await job.refresh(until_complete=5)
        assert (job.status, job.result, job.attempts) == (Status.COMPLETE, 2, 1)
        assert await queue.apply("a.b", number=2, timeout=5, poll_interval=0.05) == 3
        assert await queue.map("a.b", [{"number": 5}, {"number": 7}], timeout=5, poll_interval=0.05) == [6, 8]


async def test_a_failing_job_is_tried_as_often_as_it_says(queue: Queue) -> None:
    tried = 0

    async def run(_context: Any) -> None:
        nonlocal tried
        tried += 1
        raise LookupError("it broke")

    async with working(queue, {"a.b": run}):
        with pytest.raises(JobError, match="it broke"):
            await queue.apply("a.b", key="one", retries=3, timeout=5, poll_interval=0.05)
    job = await ends(queue, "one", Status.FAILED)
    assert (tried, job.attempts) == (3, 3)
    assert await queue.count("incomplete") == 0


async def test_a_job_beyond_its_time_is_cancelled_and_retried(queue: Queue) -> None:
    tried = 0

    async def run(_context: Any) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            await asyncio.sleep(30)

    async with working(queue, {"a.b": run}):
        await queue.enqueue("a.b", key="one", retries=2, timeout=1)
        job = await ends(queue, "one", Status.COMPLETE)
    assert (tried, job.attempts) == (2, 2)


async def test_hooks_run_around_each_job(queue: Queue) -> None:
    seen: list[str] = []

    async def before(context: Any) -> None:
        seen.append(f"before {context['job'].key}")

    async def after(context: Any) -> None:
        seen.append(f"after {context['job'].key}")

    async def run(_context: Any) -> None:
        seen.append("run")

    async def on_enqueue(job: Job) -> None:
        seen.append(f"enqueue {job.key}")

    queue.register_before_enqueue(on_enqueue)
    async with working(queue, {"a.b": run}, before_process=before, after_process=after):
        await queue.enqueue("a.b", key="one")
        await ends(queue, "one", Status.COMPLETE)
    assert seen == ["enqueue one", "before one", "run", "after one"]
    queue.unregister_before_enqueue(on_enqueue)


async def test_a_schedule_runs_again_and_again(queue: Queue) -> None:
    runs = 0

    async def tick(_context: Any) -> None:
        nonlocal runs
        runs += 1

    async def ran_twice() -> bool:
        return runs >= 2

    async with working(queue, {}, cron_jobs=[CronJob(tick, cron="* * * * * */1", timeout=5)]):
        await becomes(ran_twice)
    assert await queue.count("incomplete") <= 1


async def test_a_worker_in_a_burst_ends_when_all_is_done(queue: Queue) -> None:
    done: list[int] = []

    async def run(_context: Any, *, number: int) -> None:
        done.append(number)

    for number in range(20):
        await queue.enqueue("a.b", number=number)
    async with working(queue, {"a.b": run}, burst=True, dequeue_timeout=0.3) as worker:

        async def has_ended() -> bool:
            return worker.event.is_set()

        await becomes(has_ended)
    assert sorted(done) == list(range(20))


async def test_a_stopped_worker_queues_its_jobs_again(queue: Queue) -> None:
    async def run(_context: Any) -> None:
        await asyncio.sleep(30)

    async with working(queue, {"a.b": run}):
        await queue.enqueue("a.b", key="one", timeout=60)
        await ends(queue, "one", Status.ACTIVE)
    await queue.connect()
    again = await taken(queue)
    assert (again.key, again.status) == ("one", Status.QUEUED)


async def test_an_entry_without_a_record_is_dropped(queue: Queue) -> None:
    await queue.enqueue("a.b", key="lost")
    redis: Any = queue.redis  # type: ignore[attr-defined]  # both have one
    await redis.delete(queue.job_id("lost"))
    assert await queue.dequeue(timeout=0.3) is None
    await queue.sweep(lock=1)
    assert await queue.count("active") == 0
    assert await queue.count("incomplete") == 0
    assert await queue.enqueue("a.b", key="lost") is not None


async def test_a_queue_can_be_connected_again(queue: Queue) -> None:
    await queue.enqueue("a.b", key="one")
    await queue.disconnect()
    await queue.connect()
    assert (await taken(queue)).key == "one"


async def test_a_batch_that_breaks_aborts_what_it_queued(queue: Queue) -> None:
    async def broken_batch() -> None:
        async with queue.batch():
            await queue.enqueue("a.b", key="one")
            raise LookupError("it broke")

    with pytest.raises(LookupError):
        await broken_batch()
    assert await status_of(queue, "one") is Status.ABORTED
