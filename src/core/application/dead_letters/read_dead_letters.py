"""Read dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.dead_letters import DeadLetter, DeadLetterStatus
from core.domain.identifiers import DeadLetterId, TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadDeadLettersHandler:
    """Letters as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """
        One letter with its history.

        Raises:
            DeadLetterNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.dead_letters.get(tenant_id, letter_id)

    async def page(
        self, tenant_id: TenantId | None, *, status: DeadLetterStatus | None, before: DeadLetterId | None, limit: int
    ) -> Sequence[DeadLetter]:
        """The next *limit*, those that died last first; of everybody when no tenant is named."""
        async with self.unit_of_work() as work:
            return await work.dead_letters.page(tenant_id, status=status, before=before, limit=limit)
