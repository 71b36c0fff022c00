"""SAQ's queue, carried by a Redis Stream and a consumer group."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from typing import Any, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from saq.job import Job, Status
from saq.types import DumpType, LoadType
from saq.utils import millis, now

from adapters.streams.burial import Undertaker
from adapters.streams.commands import Entry
from adapters.streams.deliveries import DeliveredJob, HeldEntries, delivered, entry_of
from adapters.streams.entry_reader import EntryReader
from adapters.streams.keeper import Keeper
from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue_reading import UNREADABLE, QueueReading
from adapters.streams.recovery import TO_RUN, Recovery
from adapters.streams.server_clock import ServerClock
from ports.job_queue import OnPoison

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")
SOCKET_TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 40
RETRIES = 3
"""Of one command, on a fresh connection each: with their pauses about a second."""
_INSIST_SECONDS = 0.5
_SCHEDULED_AT_ONCE = 500
_GIVE_BACK_SECONDS = 5.0
_CANCELLED = "cancelled"
"""What SAQ's worker says when it retries a job that was cancelled."""


class StreamsQueue(QueueReading):
    """
    The queue *name* on the stream `bursar:<name>`.

    It does what SAQ's own Redis queue does, and: a lost worker's jobs come back by themselves, side by side; finishing
    is fenced by the entry a job came by, so that a worker from whom it was taken changes nothing; jobs whose attempts
    are used up are handed to *on_poison* before they leave; and after a flush it goes on.
    An instance is one consumer. Whoever takes jobs from it must do so from the task that works on them.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        limits: StreamsQueueLimits | None = None,
        on_poison: OnPoison | None = None,
        known_functions: Collection[str] | None = None,
        consumer: str | None = None,
        dump: DumpType | None = None,
        load: LoadType | None = None,
        swept_error_message: str | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        """
        Speak through *redis*, whose answers must be bytes and whose socket timeout longer than a read blocks.

        Without *on_poison* such jobs only fail. With *known_functions* a job of another name is poison at once;
        without, its attempts fail first, which gives a newer worker the time to come.
        """
        super().__init__(
            redis,
            name,
            consumer=consumer or f"{name}-{secrets.token_hex(8)}",
            dump=dump,
            load=load,
            swept_error_message=swept_error_message,
        )
        self.limits = limits or StreamsQueueLimits()
        self._known_functions = known_functions
        self._held = HeldEntries()
        self._undertaker = Undertaker(
            self._commands,
            self._held,
            queue=name,
            consumer=self.consumer,
            serialize=self.serialize,
            on_poison=on_poison,
            limits=self.limits,
        )
        self._recovery = Recovery(
            self._commands,
            self._held,
            self._undertaker,
            consumer=self.consumer,
            serialize=self.serialize,
            read=self._delivered,
            error=self.swept_error_message,
            limits=self.limits,
            clock=clock
            or ServerClock(
                tolerance_seconds=self.limits.clock_tolerance_seconds,
                grace_seconds=self.limits.all_renewed_seconds,
            ),
        )
        self._keeper = Keeper(
            self.limits,
            renew=self._renew,
            schedule=self.schedule,
            recover=self._recovery.recover,
            probe=self._recovery.probe,
        )
        self._reader = EntryReader(
            self._commands, self._held, consumer=self.consumer, limits=self.limits, give_back=self._give_back_entry
        )

    @staticmethod
    def from_url(url: str, **kwargs: Any) -> "StreamsQueue":
        """A queue with a connection pool of its own, every call limited in time; *kwargs* as for the constructor."""
        pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=SOCKET_TIMEOUT_SECONDS,
            socket_timeout=SOCKET_TIMEOUT_SECONDS,
            socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(base=0.1, cap=0.5), RETRIES),
        )
        return StreamsQueue(Redis.from_pool(pool), **kwargs)

    def __repr__(self) -> str:
        """Name it, without the server's password."""
        return f"StreamsQueue<name='{self.name}', consumer='{self.consumer}'>"

    # ── Beginning and end ────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None:
        """Be ready, again if it was disconnected; asks nothing of Redis."""
        await super().connect()
        self._reader.resume()

    def start_keeping(self) -> None:
        """
        Renew, schedule and recover from now on, as `dequeue` has it done too; until `disconnect`.

        Whoever sweeps must have begun before: nobody knows at first whether idle entries are lost, and until that is
        known a sweep takes none.
        """
        self._keeper.start()

    def stop_taking(self) -> None:
        """Let `dequeue` answer None from now on; what was taken is still renewed."""
        self._reader.stop()

    async def disconnect(self) -> None:
        """Take no more, give back what is unfinished, for others to take at once, and close the connections."""
        self.stop_taking()
        await self._keeper.stop()
        await self._undertaker.stop()
        with contextlib.suppress(RedisError, OSError, TimeoutError):  # then it comes back by its idle time
            async with asyncio.timeout(_GIVE_BACK_SECONDS):
                await self._reader.ended()
                for entry, key, job in self._held.all():
                    await self._give_back(entry, key, job)
                await self._commands.forget_consumer(self.consumer)
        with contextlib.suppress(RedisError, OSError):
            await self._pubsub.close()
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()

    # ── Queueing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def enqueue_jobs(self, jobs: Sequence[Job]) -> int:
        """Queue them in one step, all or none; how many were new. The caller limits how many there are."""
        for job in jobs:
            job.queue, job.queued, job.status = self, now(), Status.QUEUED
            await self._before_enqueue(job)
        queued = await self._commands.enqueue([self._queueable(job) for job in jobs])
        return sum(queued)

    async def _enqueue(self, job: Job) -> Job | None:
        [is_new] = await self._commands.enqueue([self._queueable(job)])
        return job if is_new else None

    def _queueable(self, job: Job) -> tuple[str, bytes | str, float, float]:
        """Its moment by our clock becomes a time to wait, or one past: Redis counts by its own."""
        delay = (job.scheduled - now() / 1000 or -0.001) if job.scheduled else 0.0
        longest = job.retry_delay if isinstance(job.retry_backoff, bool) else float(job.retry_backoff)
        unbounded = job.retry_backoff is True
        return job.key, self.serialize(job), delay, 0.0 if unbounded else longest

    async def schedule(self, lock: int = 1) -> list[str]:
        """Put what is due on the stream; the jobs' ids. It happens by itself too, twice a second."""
        due = await self._commands.schedule(_SCHEDULED_AT_ONCE)
        while due and len(due) % _SCHEDULED_AT_ONCE == 0:
            more = await self._commands.schedule(_SCHEDULED_AT_ONCE)
            if not more:
                break
            due += more
        return [self.job_id(key) for key in due]

    # ── Taking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> Job | None:  # noqa: ASYNC109 - SAQ's names
        """
        Take the next job, or None after *timeout* seconds (0: wait for ever) or when the queue stops taking.

        The entry is kept alive until it is finished or retried, as long as the task that called this lives.
        """
        self.start_keeping()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout if timeout > 0 else None
        while (entry := await self._reader.next_entry(deadline)) is not None:
            try:
                job = await self._opened(entry)
            except asyncio.CancelledError:
                self._reader.give_back_later(entry)
                raise
            except Exception:
                self._held.let_go(entry.id)
                raise
            if job is not None:
                return job
        return None

    async def _opened(self, entry: Entry) -> DeliveredJob | None:
        if entry.key is None:
            self._undertaker.bury_unreadable_later(entry, entry.text, "the entry names no job")
            return None
        record = await self._commands.take(entry.key, entry.id)
        if record is None:
            self._held.let_go(entry.id)
            return None
        try:
            job = self._delivered(record, entry.id)
        except UNREADABLE as error:
            self._undertaker.bury_unreadable_later(entry, record.decode("utf-8", "replace"), repr(error))
            return None
        if job.status not in TO_RUN:
            await self._recovery.settle(job)
            return None
        if self._known_functions is not None and job.function not in self._known_functions:
            job.attempts += 1
            job.status, job.completed, job.error = Status.FAILED, now(), f"no worker knows {job.function!r}"
            job.remember_failure(job.error, now())
            self._undertaker.bury_later(job)
            return None
        self._held.opened(entry.id, job)
        return job

    def _delivered(self, record: bytes, entry_id: str) -> DeliveredJob:
        job = self.deserialize(record)
        if job is None:
            raise ValueError("the record is empty")
        return delivered(job, entry_id)

    # ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _finish(self, job: Job, status: Status, *, result: Any = None, error: str | None = None) -> None:
        with self._letting_go(job):
            if status is Status.FAILED and isinstance(job, DeliveredJob):
                job.remember_failure(error, now())
                await self._insist(lambda: self._undertaker.bury(job))
                return
            is_ours = await self._insist(
                lambda: self._commands.finish(
                    job.key,
                    self.serialize(job),
                    entry=entry_of(job),
                    consumer=self.consumer,
                    keep_seconds=job.ttl,
                    status=status.value,
                )
            )
            self._say_if_stale(job, is_ours=is_ours)

    async def _retry(self, job: Job, error: str | None) -> None:
        if error == _CANCELLED and isinstance(job, DeliveredJob) and _being_cancelled():  # the worker stops
            with self._letting_go(job):
                job.error = None
                await self._give_back(job.entry_id, job.key, job, was_counted=True)
            return
        with self._letting_go(job):
            if isinstance(job, DeliveredJob):
                job.remember_failure(error, now())
            is_ours = await self._insist(
                lambda: self._commands.retry(
                    job.key,
                    self.serialize(job),
                    entry=entry_of(job),
                    consumer=self.consumer,
                    delay_seconds=job.next_retry_delay(),
                    status=job.status.value,
                )
            )
            self._say_if_stale(job, is_ours=is_ours)

    async def abort(self, job: Job, error: str, ttl: float = 5) -> None:
        """
        Abort the job at once if it waits; ask its worker to, if it runs; leave it alone if it is over.

        For *ttl* seconds, or until its worker is done with it, no job of its key can be queued.
        """
        job.error = error
        job.status = Status.ABORTING
        aborting = self.serialize(job)
        job.status, job.completed = Status.ABORTED, now()
        where = await self._commands.abort(
            job.key,
            aborting=aborting,
            aborted=self.serialize(job),
            keep_seconds=job.ttl,
            error=error,
            mark_milliseconds=max(1, int(millis(ttl))),
        )
        if where == "running":
            job.status, job.completed = Status.ABORTING, 0
        elif where == "aborted":
            self.aborted += 1
        elif (stored := await self.job(job.key)) is not None:
            job.replace(stored)

    async def finish_abort(self, job: Job) -> None:
        """End an abort, if nothing else has ended it; the key may be queued again."""
        await self.redis.delete(self.namespace(f"abort:{job.key}"))
        stored = await self.job(job.key)
        if stored is not None and stored.status is Status.ABORTING:
            await super().finish_abort(job)

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """Recover what is idle; the jobs' ids. It happens by itself too, every second."""
        moved = [] if self._keeper.is_in_doubt else await self._recovery.recover()
        await self._commands.forget_silent_consumers(self.limits.consumer_forgotten_seconds)
        return [self.job_id(key) for key in moved]

    async def _renew(self) -> None:
        for entry in await self._commands.renew(self.consumer, self._held.alive()):
            self._held.let_go(entry)

    async def _give_back(
        self, entry_id: str, key: str | None, job: DeliveredJob | None, *, was_counted: bool = False
    ) -> None:
        """Put an unfinished job back on the stream, as if this attempt had not been."""
        record: bytes | str = ""
        if job is not None and (was_counted or job.status is Status.ACTIVE):
            job.attempts = max(0, job.attempts - 1)
            job.status, job.started, job.progress = Status.QUEUED, 0, 0.0
            record = self.serialize(job)
        if key is not None:
            await self._commands.retry(
                key, record, entry=entry_id, consumer=self.consumer, delay_seconds=0, status=Status.QUEUED.value
            )
        self._held.let_go(entry_id)

    async def _give_back_entry(self, entry: Entry) -> None:
        await self._give_back(entry.id, entry.key, None)

    @contextlib.contextmanager
    def _letting_go(self, job: Job) -> Generator[None]:
        """Let go of the entry, done or failed; when cancelled, it is still ours to give back."""
        try:
            yield
        except Exception:
            self._held.let_go(entry_of(job))
            raise
        self._held.let_go(entry_of(job))

    async def _insist(self, step: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Try for as long as the entry may be ours while Redis is away: the work is done, and should not be again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.limits.idle_seconds
        while True:
            try:
                return await step()
            except (RedisConnectionError, RedisTimeoutError, OSError):
                if loop.time() > deadline:
                    raise
            await asyncio.sleep(_INSIST_SECONDS)

    def _say_if_stale(self, job: Job, *, is_ours: bool) -> None:
        if not is_ours:
            _log.warning("a job was taken away while it ran; its end here does not count", key=job.key)


def _being_cancelled() -> bool:
    """Whether somebody cancelled this very task; a job that raises CancelledError by itself did not."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
