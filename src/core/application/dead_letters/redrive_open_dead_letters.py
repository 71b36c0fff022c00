"""Do everything again that lies open, once its cause is mended."""

from dataclasses import dataclass

from core.domain.dead_letters import DeadLetterNotRedrivable, DeadLetterStatus
from core.domain.identifiers import TenantId
from core.domain.jobs import JobRequest
from ports.job_queue import MAX_JOBS_AT_ONCE, JobQueue
from ports.unit_of_work import UnitOfWorkFactory

MOST_AT_ONCE = MAX_JOBS_AT_ONCE


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
        Redrive up to 500 open letters, those that died last first.

        Raises:
            Unavailable: If the database or the queue cannot be reached. Letters may be closed by then; what the queue
                did not get comes back with the next sweep or schedule.
        """
        again: list[JobRequest] = []
        async with self.unit_of_work() as work:
            found = await work.dead_letters.page(
                tenant_id, status=DeadLetterStatus.OPEN, before=None, limit=MOST_AT_ONCE + 1
            )
            now = await work.now()
            for listed in found[:MOST_AT_ONCE]:
                letter = await work.dead_letters.lock(tenant_id, listed.id)
                if letter.status is not DeadLetterStatus.OPEN:
                    continue
                try:
                    again.append(letter.job())
                except DeadLetterNotRedrivable:
                    continue
                await work.dead_letters.save(letter.redrive(now))
            await work.commit()
        await self.jobs.enqueue_many(again)
        skipped = min(len(found), MOST_AT_ONCE) - len(again)
        return RedrivenLetters(len(again), skipped, has_more=len(found) > MOST_AT_ONCE)
