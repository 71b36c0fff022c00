"""Do everything again that lies open, once its cause is mended."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.dead_letters import DeadLetterNotRedrivable, DeadLetterStatus
from core.domain.identifiers import DeadLetterId, TenantId
from core.domain.jobs import JobRequest
from ports.job_queue import MAX_JOBS_AT_ONCE, JobQueue
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

MOST_AT_ONCE = MAX_JOBS_AT_ONCE
PAGES = 20
"""How many pages of open letters one call looks at: those that name no job must not hide the ones behind them."""


@dataclass(frozen=True, slots=True)
class RedrivenLetters:
    """
    What came of it.

    Attributes:
        skipped: Those that name no job, or that somebody else decided about meanwhile.
        has_more: Whether there were more than one call redrives.
    """

    redriven: int
    skipped: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class RedriveOpenDeadLettersHandler:
    """Idempotent: what was redriven is open no more, and a job waits or runs once a key."""

    unit_of_work: UnitOfWorkFactory
    jobs: JobQueue

    async def __call__(self, tenant_id: TenantId) -> RedrivenLetters:
        """
        Redrive up to 500 of the 10,000 open letters that died last, the last first.

        Raises:
            Unavailable: If the database or the queue cannot be reached. Letters may be closed by then; what the queue
                did not get comes back with the next sweep or schedule.
        """
        again: list[JobRequest] = []
        skipped = 0
        before: DeadLetterId | None = None
        has_more = True
        async with self.unit_of_work() as work:
            now = await work.now()
            for _ in range(PAGES):
                wanted = MOST_AT_ONCE - len(again)
                found = await work.dead_letters.page(
                    tenant_id, status=DeadLetterStatus.OPEN, before=before, limit=wanted + 1
                )
                jobs = [job for listed in found[:wanted] if (job := await _redriven(work, tenant_id, listed.id, now))]
                again += jobs
                skipped += min(len(found), wanted) - len(jobs)
                has_more = len(found) > wanted
                if not has_more or len(again) == MOST_AT_ONCE:
                    break
                before = found[wanted - 1].id
            await work.commit()
        await self.jobs.enqueue_many(again)
        return RedrivenLetters(len(again), skipped, has_more=has_more)


async def _redriven(work: UnitOfWork, tenant_id: TenantId, letter_id: DeadLetterId, now: datetime) -> JobRequest | None:
    """The letter's job, once it is closed; None when it stays as it is."""
    letter = await work.dead_letters.lock(tenant_id, letter_id)
    if letter.status is not DeadLetterStatus.OPEN:
        return None
    try:
        job = letter.job()
    except DeadLetterNotRedrivable:
        return None
    await work.dead_letters.save(letter.redrive(now))
    return job
