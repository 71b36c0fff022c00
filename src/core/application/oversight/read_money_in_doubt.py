"""Read what is neither here nor there."""

from dataclasses import dataclass

from core.domain.identifiers import TenantId
from core.domain.money_in_doubt import MoneyInDoubt
from ports.money_in_doubt_reader import MoneyInDoubtReader

MOST_OPERATIONS = 100
"""How many are listed behind each balance; all are counted."""


@dataclass(frozen=True, slots=True)
class ReadMoneyInDoubtHandler:
    """For operators."""

    reader: MoneyInDoubtReader

    async def __call__(self, tenant_id: TenantId) -> MoneyInDoubt:
        """
        All of the tenant's, as of now.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        return await self.reader.read(tenant_id, limit=MOST_OPERATIONS)
