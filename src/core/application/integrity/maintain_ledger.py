"""What the ledger needs from time to time: partitions ahead, month snapshots, old keys forgotten."""

from dataclasses import dataclass

from core.domain.errors import Unavailable
from core.domain.idempotency import RETENTION
from core.domain.identifiers import TenantId
from ports.ledger_upkeep import LedgerUpkeep

MONTHS_AHEAD = 24
ALARM_BELOW_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done for a tenant, and how far the partitions reach."""

    partitions_made: int
    months_ahead: int
    snapshots_taken: int
    keys_forgotten: int

    @property
    def is_alarming(self) -> bool:
        """Whether the partitions end in less than six months: they could not be made."""
        return self.months_ahead < ALARM_BELOW_MONTHS


@dataclass(frozen=True, slots=True)
class MaintainLedgerHandler:
    """Idempotent, and safe with several processes."""

    upkeep: LedgerUpkeep

    async def __call__(self, tenant_id: TenantId) -> Upkeep:
        """
        Do what is due.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        try:
            made = await self.upkeep.make_partitions(months_ahead=MONTHS_AHEAD)
        except Unavailable:
            made = 0  # a lock was in the way; the next run tries again, and the alarm tells when none succeeds
        snapshots = 0
        for month in await self.upkeep.closed_months(tenant_id):
            snapshots += await self.upkeep.take_snapshots(tenant_id, month)
        return Upkeep(
            partitions_made=made,
            months_ahead=await self.upkeep.months_ahead(),
            snapshots_taken=snapshots,
            keys_forgotten=await self.upkeep.forget_keys(tenant_id, older_than_days=RETENTION.days),
        )
