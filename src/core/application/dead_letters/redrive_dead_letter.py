"""Do it again: a person decides so about a dead letter."""

from dataclasses import dataclass

from core.domain.dead_letters import DeadLetter
from core.domain.identifiers import DeadLetterId, TenantId
from ports.job_queue import JobQueue
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RedriveDeadLetterHandler:
    """Idempotent: a job waits or runs once a key, so redriving again queues nothing twice."""

    unit_of_work: UnitOfWorkFactory
    jobs: JobQueue

    async def __call__(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """
        Back to the queue; what PostgreSQL knows to be due would come back by itself, once the letter is closed.

        Raises:
            DeadLetterNotFound: If the tenant has none of that id.
            DeadLetterClosed: If it was discarded.
            DeadLetterNotRedrivable: If its record does not say what to do.
            Unavailable: If the database or the queue cannot be reached; redrive it again.
        """
        async with self.unit_of_work() as work:
            letter = (await work.dead_letters.lock(tenant_id, letter_id)).redrive(await work.now())
            again = letter.job()
            await work.dead_letters.save(letter)
            await work.commit()
        await self.jobs.enqueue(again)
        return letter
