"""Where money in doubt is seen."""

from typing import Protocol

from core.domain.identifiers import TenantId
from core.domain.money_in_doubt import MoneyInDoubt


class MoneyInDoubtReader(Protocol):
    """Reads balances and operations as of one moment, so that they can be compared."""

    async def read(self, tenant_id: TenantId, *, limit: int) -> MoneyInDoubt:
        """
        All of the tenant's; of the operations behind each balance the *limit* oldest.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        ...
