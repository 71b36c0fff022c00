"""Poison jobs: as the core knows them, and taken to whoever keeps them before they leave Redis."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog
from saq.job import Job
from saq.utils import now

from adapters.streams.commands import Entry, StreamCommands
from adapters.streams.deliveries import DeliveredJob, HeldEntries
from adapters.streams.ending import end
from adapters.streams.limits import StreamsQueueLimits
from core.domain.jobs import FailedAttempt, PoisonJob
from ports.job_queue import OnPoison

_DETAIL = re.compile(r"^DETAIL:.*\n?", re.MULTILINE)
_log = structlog.get_logger(__name__)
_SHOWN_TEXT = 1000


class Undertaker:
    """
    Takes poison jobs out of one queue instance's hands.

    While the hook works, the entry is renewed. When it fails, the entry is let go of, so that it is recovered after its
    idle time, by anybody, and the hook is tried again: nothing is lost, and no job of others waits for it.
    """

    def __init__(
        self,
        commands: StreamCommands,
        held: HeldEntries,
        *,
        queue: str,
        consumer: str,
        serialize: Callable[[Job], bytes | str],
        on_poison: OnPoison | None,
        limits: StreamsQueueLimits,
    ) -> None:
        """Hand poison jobs of *queue* to *on_poison*; without it they only fail."""
        self._commands = commands
        self._held = held
        self._queue = queue
        self._consumer = consumer
        self._serialize = serialize
        self._on_poison = on_poison
        self._limits = limits
        self._burials: set[asyncio.Task[None]] = set()

    async def bury(self, job: DeliveredJob) -> None:
        """Take out a job whose status is FAILED and whose failures are noted."""
        record = self._serialize(job)
        fence = {"entry": job.entry_id, "consumer": self._consumer}
        if self._on_poison is not None:
            # Its end is written down first: should this process die now, whoever finds the entry knows it is poison.
            if not await self._commands.store(job.key, record, **fence):
                return
            if not await self._handed_over(poison_from(job, self._queue)):
                return
        await self._commands.finish(job.key, record, **fence, keep_seconds=job.ttl, status=job.status.value)

    def bury_later(self, job: DeliveredJob) -> None:
        """Do that beside everything else."""
        self._later(job.entry_id, job.key, self.bury(job))

    def bury_unreadable_later(self, entry: Entry, text: str, why: str) -> None:
        """Take out an entry whose record cannot be read, beside everything else."""
        self._later(entry.id, entry.key, self._bury_unreadable(entry, text, why))

    async def stop(self) -> None:
        """Break off what is under way; it is taken up again elsewhere."""
        await end(self._burials)

    async def _bury_unreadable(self, entry: Entry, text: str, why: str) -> None:
        key = entry.key or entry.id
        if await self._handed_over(poison_from_text(key, text, queue=self._queue, why=why, at=now())):
            await self._commands.finish(
                key, b"", entry=entry.id, consumer=self._consumer, keep_seconds=-1, status="failed"
            )

    async def _handed_over(self, poison: PoisonJob) -> bool:
        _log.error("a job is poison", queue=poison.queue, job=poison.name, key=poison.key, attempts=poison.attempts)
        if self._on_poison is None:
            return True
        try:
            async with asyncio.timeout(self._limits.poison_hook_seconds):
                await self._on_poison(poison)
        except Exception:  # noqa: BLE001 - whatever it was, the job is still here and its turn comes again
            _log.warning("a poison job was not taken", queue=poison.queue, key=poison.key, exc_info=True)
            return False
        return True

    def _later(self, entry_id: str, key: str | None, burial: Coroutine[Any, Any, None]) -> None:
        if len(self._burials) >= self._limits.max_burials:
            burial.close()
            self._held.let_go(entry_id)  # found again when it has been idle
            return

        async def hold_and_bury() -> None:
            self._held.hold(entry_id, key)
            try:
                await burial
            except Exception:  # noqa: BLE001 - Redis went away, say; the entry is found again
                _log.warning("a poison job was not taken out", queue=self._queue, key=key, exc_info=True)
            finally:
                self._held.let_go(entry_id)

        task = asyncio.create_task(hold_and_bury())
        self._burials.add(task)
        task.add_done_callback(self._burials.discard)


def poison_from(job: DeliveredJob, queue: str) -> PoisonJob:
    """A job whose attempts are used up, or whose name nobody knows."""
    return PoisonJob(
        queue=queue,
        key=job.key,
        name=job.function,
        arguments=dict(job.kwargs or {}),
        attempts=job.attempts,
        first_enqueued_at=_moment(job.queued) if job.queued else None,
        history=tuple(FailedAttempt(attempt, _moment(at), _without_rows(error)) for attempt, at, error in job.failures),
    )


def poison_from_text(key: str, text: str, *, queue: str, why: str, at: int) -> PoisonJob:
    """A job whose record cannot be read; what was there is told in its error."""
    error = f"the record cannot be read: {why}\n{text[:_SHOWN_TEXT]}"
    return PoisonJob(
        queue=queue,
        key=key,
        name="",
        arguments={},
        attempts=0,
        first_enqueued_at=None,
        history=(FailedAttempt(0, _moment(at), error),),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _without_rows(error: str) -> str:
    """PostgreSQL shows whole rows in its details, which people who read dead letters need not see."""
    return _DETAIL.sub("", error)
