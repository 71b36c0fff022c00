"""Forget what is kept for a time only: idempotency keys, finished webhook deliveries."""

from dataclasses import dataclass

from core.domain.idempotency import RETENTION
from core.domain.identifiers import TenantId
from ports.ledger_upkeep import LedgerUpkeep
from ports.record_retention import RecordRetention

BATCH = 1000
MAX_BATCHES = 100
"""What one run forgets at most; the next one goes on."""


@dataclass(frozen=True, slots=True)
class ForgetOldRecordsHandler:
    """Idempotent, and safe with several workers."""

    upkeep: LedgerUpkeep
    retention: RecordRetention
    delivery_retention_days: int

    async def __call__(self, tenant_id: TenantId) -> tuple[int, int]:
        """
        How many keys and how many deliveries were forgotten.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        keys = await self.upkeep.forget_keys(tenant_id, older_than_days=RETENTION.days)
        deliveries = 0
        for _ in range(MAX_BATCHES):
            forgotten = await self.retention.forget_deliveries(
                tenant_id, older_than_days=self.delivery_retention_days, limit=BATCH
            )
            deliveries += forgotten
            if forgotten < BATCH:
                break
        return keys, deliveries
