"""Jobs that will never succeed: handed over with their history before they leave, and in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from saq.job import Job, Status

from adapters.streams.queue import StreamsQueue
from contract.queues_under_test import FAST, becomes, ends, flushed, ours, own_database, status_of, taken, working
from core.domain.jobs import PoisonJob
from entrypoints.embedded.servers import EmbeddedServers


class Morgue:
    """A hook that can be made to fail."""

    def __init__(self) -> None:
        self.poison: list[PoisonJob] = []
        self.calls = 0
        self.fails_so_often = 0
        self.takes_seconds = 0.0

    async def __call__(self, poison: PoisonJob) -> None:
        self.calls += 1
        await asyncio.sleep(self.takes_seconds)
        if self.calls <= self.fails_so_often:
            raise ConnectionError("the database is away")
        self.poison.append(poison)

    async def got(self, number: int) -> list[PoisonJob]:
        """Wait for so many."""

        async def is_so() -> bool:
            return len(self.poison) >= number

        await becomes(is_so)
        return self.poison


@pytest.fixture
async def url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """A database of the test's own."""
    own = own_database(servers.redis_url)
    async with flushed(own):
        yield own


@pytest.fixture
def morgue() -> Morgue:
    """Where poison goes."""
    return Morgue()


@pytest.fixture
async def queue(url: str, morgue: Morgue) -> AsyncIterator[StreamsQueue]:
    """A queue with a hook."""
    made = ours(url, on_poison=morgue)
    await made.connect()
    yield made
    await made.disconnect()


async def breaks(_context: Any, **_arguments: Any) -> None:
    raise LookupError("it broke")


async def is_gone(queue: StreamsQueue) -> bool:
    """Whether Redis holds nothing of an unfinished job."""
    return await queue.count("incomplete") == 0 and await queue.count("active") == 0


async def test_a_job_without_attempts_left_is_handed_over_with_every_error(queue: StreamsQueue, morgue: Morgue) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with working(queue, {"pay.out": breaks}):
        await queue.enqueue(Job("pay.out", kwargs={"id": "p-1", "n": 2}, key="one", retries=3, retry_delay=0.1))
        [poison] = await morgue.got(1)
        await ends(queue, "one", Status.FAILED)
    assert (poison.queue, poison.key, poison.name) == (queue.name, "one", "pay.out")
    assert poison.arguments == {"id": "p-1", "n": 2}
    assert poison.attempts == 3
    assert [failure.attempt for failure in poison.history] == [1, 2, 3]
    assert all("LookupError: it broke" in failure.error for failure in poison.history)
    moments = [poison.first_enqueued_at, *(failure.at for failure in poison.history)]
    assert all(moment is not None and began < moment < datetime.now(UTC) for moment in moments)
    assert moments == sorted(moments, key=lambda moment: moment or began)
    assert await is_gone(queue)


async def test_a_handler_that_rewrites_its_notes_loses_no_history(queue: StreamsQueue, morgue: Morgue) -> None:
    async def scribbles(context: Any) -> None:
        await context["job"].update(meta={"step": 1})
        raise LookupError("it broke")

    async with working(queue, {"a.b": scribbles}):
        await queue.enqueue("a.b", key="one", retries=2)
        [poison] = await morgue.got(1)
    assert [failure.attempt for failure in poison.history] == [1, 2]
    stored = await queue.job("one")
    assert stored is not None
    assert stored.meta["step"] == 1


async def test_a_job_leaves_only_once_it_was_taken_and_others_go_on(queue: StreamsQueue, morgue: Morgue) -> None:
    morgue.fails_so_often = 2
    done: list[int] = []

    async def works(_context: Any, *, number: int) -> None:
        done.append(number)

    async with working(queue, {"a.b": breaks, "a.c": works}):
        await queue.enqueue("a.b", key="one", retries=1)

        async def failed_once() -> bool:
            return morgue.calls == 1

        await becomes(failed_once)
        assert await queue.count("incomplete") == 1
        assert await queue.enqueue("a.b", key="one") is None
        for number in range(20):
            await queue.enqueue("a.c", number=number)

        async def all_done() -> bool:
            return sorted(done) == list(range(20))

        await becomes(all_done)
        assert morgue.poison == []
        [poison] = await morgue.got(1)

        async def has_left() -> bool:
            return await is_gone(queue)

        await becomes(has_left)
    assert morgue.calls == 3
    assert (poison.attempts, len(poison.history)) == (1, 1)


async def test_a_slow_hook_is_cut_off_and_asked_again(url: str, morgue: Morgue) -> None:
    queue = ours(url, on_poison=morgue, limits=replace(FAST, poison_hook_seconds=0.2))
    morgue.takes_seconds = 30
    async with working(queue, {"a.b": breaks}):
        await queue.enqueue("a.b", key="one", retries=1)

        async def asked_twice() -> bool:
            return morgue.calls >= 2

        await becomes(asked_twice)
        morgue.takes_seconds = 0
        await morgue.got(1)
    await queue.disconnect()


async def test_a_poison_job_outlives_the_worker_that_could_not_hand_it_over(url: str, morgue: Morgue) -> None:
    async def away(_poison: PoisonJob) -> None:
        raise ConnectionError("the database is away")

    first = ours(url, name="jobs", on_poison=away)
    async with working(first, {"a.b": breaks}):
        await first.enqueue("a.b", key="one", retries=1)
        await ends(first, "one", Status.FAILED)
    await first.disconnect()
    second = ours(url, name="jobs", on_poison=morgue)
    async with working(second, {"a.b": breaks}):
        [poison] = await morgue.got(1)
    assert "LookupError" in poison.history[0].error
    assert len(poison.history) == 1
    await second.disconnect()


@pytest.mark.parametrize(
    "record",
    [b"", b"\xff\xfe", b"{", b"[]", b'{"queue": "another"}', b'{"key": "one"}', b'{"queue": "jobs", "colour": "red"}'],
    ids=["empty", "no-text", "cut-off", "no-object", "of-another-queue", "of-no-queue", "of-a-newer-version"],
)
async def test_a_record_that_cannot_be_read_is_handed_over(url: str, morgue: Morgue, record: bytes) -> None:
    queue = ours(url, name="jobs", on_poison=morgue)
    await queue.enqueue("a.b", key="one")
    await queue.enqueue("a.b", key="two")
    await queue.redis.set(queue.job_id("one"), record)
    assert (await taken(queue)).key == "two"
    [poison] = await morgue.got(1)
    assert (poison.key, poison.name, poison.arguments) == ("one", "", {})
    assert "the record cannot be read" in poison.history[0].error

    async def has_left() -> bool:
        return await queue.redis.exists(queue.job_id("one")) == 0 and await queue.count("active") == 1

    await becomes(has_left)
    await queue.disconnect()


async def test_an_entry_of_somebody_else_is_handed_over(queue: StreamsQueue, morgue: Morgue) -> None:
    await queue.redis.xadd(f"bursar:{queue.name}", {"hello": "world"})
    assert await queue.dequeue(timeout=0.5) is None
    [poison] = await morgue.got(1)
    assert "world" in poison.history[0].error

    async def has_left() -> bool:
        return await queue.count("active") == 0 and await queue.count("queued") == 0

    await becomes(has_left)


async def test_a_name_nobody_knows_is_poison_after_its_attempts(queue: StreamsQueue, morgue: Morgue) -> None:
    async with working(queue, {}):
        await queue.enqueue("retired.job", key="one", retries=2)
        [poison] = await morgue.got(1)
    assert (poison.name, poison.attempts) == ("retired.job", 2)
    assert "KeyError" in poison.history[0].error


async def test_a_name_nobody_knows_is_poison_at_once_where_the_names_are_known(url: str, morgue: Morgue) -> None:
    queue = ours(url, on_poison=morgue, known_functions={"a.b"})
    await queue.enqueue("retired.job", key="one", retries=20)
    await queue.enqueue("a.b", key="two")
    assert (await taken(queue)).key == "two"
    [poison] = await morgue.got(1)
    assert (poison.name, poison.attempts) == ("retired.job", 1)
    await ends(queue, "one", Status.FAILED)
    await queue.disconnect()


async def test_attempts_lost_with_their_workers_count_too(url: str, morgue: Morgue) -> None:
    queue = ours(url, on_poison=morgue)
    await queue.enqueue("a.b", key="one", retries=2)
    for _ in range(2):

        async def takes_it_and_dies() -> None:
            job = await taken(queue)
            job.attempts += 1
            await job.update(status=Status.ACTIVE)

        await asyncio.create_task(takes_it_and_dies())
        if not morgue.calls:
            await becomes(lambda: _is_queued_or_buried(queue, morgue))
    [poison] = await morgue.got(1)
    assert (poison.attempts, [failure.error for failure in poison.history]) == (2, ["swept", "swept"])
    await queue.disconnect()


async def _is_queued_or_buried(queue: StreamsQueue, morgue: Morgue) -> bool:
    return await queue.count("queued") == 1 or bool(morgue.poison)


async def test_a_job_that_cancels_itself_is_not_left_lying(queue: StreamsQueue, morgue: Morgue) -> None:
    """SAQ's worker neither finishes nor retries it; it is found by its idle time, as if its worker were gone."""

    async def gives_up(_context: Any) -> None:
        raise asyncio.CancelledError

    async with working(queue, {"a.b": gives_up}):
        await queue.enqueue("a.b", key="one", retries=2)
        [poison] = await morgue.got(1)
    assert poison.attempts == 2


async def test_without_a_hook_such_jobs_only_fail(url: str) -> None:
    queue = ours(url)
    async with working(queue, {"a.b": breaks}):
        await queue.enqueue("a.b", key="one", retries=1)
        assert "it broke" in str((await ends(queue, "one", Status.FAILED)).error)

        async def has_left() -> bool:
            return await is_gone(queue)

        await becomes(has_left)
    await queue.disconnect()


async def test_a_poison_job_can_be_retried_by_hand(queue: StreamsQueue, morgue: Morgue) -> None:
    async with working(queue, {"a.b": breaks}):
        await queue.enqueue("a.b", key="one", retries=1)
        await morgue.got(1)
        await ends(queue, "one", Status.FAILED)
        looked_up = await queue.job("one")
        assert looked_up is not None
        await looked_up.retry("retried from ui")
        poison = (await morgue.got(2))[1]
    assert (poison.attempts, [failure.attempt for failure in poison.history]) == (2, [1, 2])
    assert await status_of(queue, "one") is Status.FAILED
    assert isinstance(queue.redis, Redis)
