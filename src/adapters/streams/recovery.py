"""Bringing back what a lost worker had in its hands."""

import asyncio
from collections.abc import Callable

import structlog
from saq.job import Job, Status
from saq.utils import now

from adapters.streams.burial import Undertaker
from adapters.streams.commands import Entry, StreamCommands
from adapters.streams.deliveries import DeliveredJob, HeldEntries
from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue_reading import UNREADABLE
from adapters.streams.server_clock import ClockJumped, ServerClock

_log = structlog.get_logger(__name__)
_PAGE = 50
TO_RUN = frozenset({Status.NEW, Status.QUEUED, Status.ACTIVE})
"""What a delivered job may be, to be run. Another one was given back in the middle of its end."""


class Recovery:
    """
    Puts entries that nobody renews back on the stream, where every worker can take them at once.

    Any number of workers may do it at a time: an idle entry is claimed by one of them, and only its new owner can move
    it. An attempt cut off so counts as an attempt; the last one makes the job poison.
    """

    def __init__(
        self,
        commands: StreamCommands,
        held: HeldEntries,
        undertaker: Undertaker,
        *,
        consumer: str,
        serialize: Callable[[Job], bytes | str],
        read: Callable[[bytes, str], DeliveredJob],
        error: str,
        limits: StreamsQueueLimits,
        clock: ServerClock,
    ) -> None:
        """Recover as *consumer*; *error* is what the lost attempt's history says."""
        self._clock = clock
        self._commands = commands
        self._held = held
        self._undertaker = undertaker
        self._consumer = consumer
        self._serialize = serialize
        self._read = read
        self._error = error
        self._limits = limits

    async def recover(self) -> list[str]:
        """Do it once for all that is idle now, unless Redis's clock has just jumped; the keys of the jobs moved."""
        moved: list[str] = []
        if not self._clock.is_trusted:
            return moved
        try:
            async for page in self._commands.claim_idle(self._consumer, self._limits.idle_seconds, _PAGE, self._clock):
                alive = set(self._held.alive())  # ours, seen late: claiming them has renewed them
                outcomes = await asyncio.gather(*(self._recover(entry) for entry in page if entry.id not in alive))
                moved.extend(key for key in outcomes if key is not None)
        except ClockJumped as jump:
            _log.warning("Redis's clock has jumped: no entry counts as idle until all were renewed", clock=str(jump))
        return moved

    async def probe(self) -> None:
        """Look whether Redis answers, and where its clock stands."""
        asked_at = self._clock.asking()
        try:
            self._clock.saw(await self._commands.server_time(), asked_at=asked_at)
        except ClockJumped as jump:
            _log.warning("Redis's clock has jumped: no entry counts as idle until all were renewed", clock=str(jump))

    async def _recover(self, entry: Entry) -> str | None:
        self._held.let_go(entry.id)
        if entry.key is None:
            self._undertaker.bury_unreadable_later(entry, entry.text, "the entry names no job")
            return None
        record = await self._commands.take(entry.key, entry.id)
        if record is None:
            return entry.key
        try:
            job = self._read(record, entry.id)
        except UNREADABLE as error:
            self._undertaker.bury_unreadable_later(entry, record.decode("utf-8", "replace"), repr(error))
            return entry.key
        if job.status in TO_RUN:
            await self._try_again(job)
        else:
            await self.settle(job)
        return entry.key

    async def settle(self, job: DeliveredJob) -> None:
        """Finish what its worker had begun to finish: a burial, or an abort."""
        if job.status is Status.FAILED:
            self._undertaker.bury_later(job)
            return
        if job.status is Status.ABORTING:
            job.status, job.completed = Status.ABORTED, now()
        await self._commands.finish(
            job.key,
            self._serialize(job),
            entry=job.entry_id,
            consumer=self._consumer,
            keep_seconds=job.ttl,
            status=job.status.value,
        )

    async def _try_again(self, job: DeliveredJob) -> None:
        _log.warning("a lost job is recovered", job=job.function, key=job.key, attempts=job.attempts)
        if job.status is not Status.ACTIVE:  # lost before its worker could count it
            job.attempts += 1
        job.remember_failure(self._error, now())
        job.error = self._error
        if not job.retryable:
            job.status, job.completed = Status.FAILED, now()
            self._undertaker.bury_later(job)
            return
        job.status, job.started, job.progress, job.touched = Status.QUEUED, 0, 0.0, now()
        await self._commands.retry(
            job.key,
            self._serialize(job),
            entry=job.entry_id,
            consumer=self._consumer,
            delay_seconds=0,
            status=job.status.value,
        )
