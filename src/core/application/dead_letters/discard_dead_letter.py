"""Leave a dead letter at that."""

from dataclasses import dataclass

from core.domain.dead_letters import DeadLetter
from core.domain.identifiers import DeadLetterId, TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class DiscardDeadLetterHandler:
    """
    Its job is not done, and a person has said so.

    What PostgreSQL still holds to be due comes back by itself: an operation ends by being resolved, deliveries by
    disabling their endpoint.
    """

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """
        Close it; the same again changes nothing.

        Raises:
            DeadLetterNotFound: If the tenant has none of that id.
            DeadLetterClosed: If it was redriven.
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            letter = (await work.dead_letters.lock(tenant_id, letter_id)).discard(await work.now())
            await work.dead_letters.save(letter)
            await work.commit()
        return letter
