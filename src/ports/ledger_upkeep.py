"""What the ledger's tables need from time to time."""

from datetime import date
from typing import Protocol

from core.domain.identifiers import TenantId


class LedgerUpkeep(Protocol):
    """Idempotent, and safe with several processes."""

    async def make_partitions(self, *, months_ahead: int) -> int:
        """
        Make the journal's partitions up to that many months from now, month by month; how many were missing.

        Raises:
            Unavailable: If the database, or a lock, cannot be had now; the months before are made.
        """
        ...

    async def months_ahead(self) -> int:
        """How many whole months of partitions lie ahead of this one, without a hole; -1 when this one has none."""
        ...

    async def closed_months(self, tenant_id: TenantId) -> list[date]:
        """First days of the months with kept entries that ended at least an hour ago, oldest first."""
        ...

    async def take_snapshots(self, tenant_id: TenantId, month: date) -> int:
        """Keep where every account stood at that month's end; how many were not kept before."""
        ...

    async def forget_keys(self, tenant_id: TenantId, *, older_than_days: int) -> int:
        """Delete idempotency keys older than that; how many."""
        ...
