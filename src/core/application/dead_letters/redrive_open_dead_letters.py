"""Do everything again that lies open, once its cause is mended."""

from dataclasses import dataclass

from core.application.dead_letters.redrive_dead_letter import RedriveDeadLetterHandler
from core.domain.dead_letters import DeadLetterClosed, DeadLetterNotRedrivable, DeadLetterStatus
from core.domain.identifiers import TenantId
from ports.unit_of_work import UnitOfWorkFactory

MOST_AT_ONCE = 500


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
    """Idempotent: what was redriven is open no more."""

    unit_of_work: UnitOfWorkFactory
    redrive: RedriveDeadLetterHandler

    async def __call__(self, tenant_id: TenantId) -> RedrivenLetters:
        """
        Redrive up to 500 open letters, one by one, those that died last first.

        Raises:
            Unavailable: If the database or the queue cannot be reached; do it again for the rest.
        """
        async with self.unit_of_work() as work:
            found = await work.dead_letters.page(
                tenant_id, status=DeadLetterStatus.OPEN, before=None, limit=MOST_AT_ONCE + 1
            )
        redriven = skipped = 0
        for letter in found[:MOST_AT_ONCE]:
            try:
                await self.redrive(tenant_id, letter.id)
            except (DeadLetterClosed, DeadLetterNotRedrivable):
                skipped += 1
            else:
                redriven += 1
        return RedrivenLetters(redriven, skipped, has_more=len(found) > MOST_AT_ONCE)
