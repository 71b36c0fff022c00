"""Transfers, for readers."""

from dataclasses import dataclass

from core.domain.holds import Hold
from core.domain.identifiers import HoldId, TenantId, TransferId
from core.domain.transfers import TransferType
from ports.hold_reader import HoldReader
from ports.journal import Journal, PostedTransfer


@dataclass(frozen=True, slots=True)
class ReadTransfersHandler:
    """Reads only."""

    journal: Journal
    holds: HoldReader

    async def get(self, tenant_id: TenantId, transfer_id: TransferId) -> tuple[PostedTransfer, Hold | None]:
        """
        One transfer, with the hold it placed, if it did.

        Raises:
            TransferNotFound: If there is none.
        """
        return await self._with_hold(tenant_id, await self.journal.transfer(tenant_id, transfer_id))

    async def find(self, tenant_id: TenantId, reference: str) -> tuple[PostedTransfer, Hold | None] | None:
        """The transfer of that reference, or None."""
        found = await self.journal.find_by_reference(tenant_id, reference)
        return None if found is None else await self._with_hold(tenant_id, found)

    async def _with_hold(self, tenant_id: TenantId, found: PostedTransfer) -> tuple[PostedTransfer, Hold | None]:
        if found.transfer.type is not TransferType.HOLD:
            return found, None
        return found, await self.holds.get(tenant_id, HoldId(found.transfer.id))
