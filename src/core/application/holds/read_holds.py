"""Holds, for readers."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.holds import Hold
from core.domain.identifiers import HoldId, TenantId, WalletId
from ports.hold_reader import HoldReader


@dataclass(frozen=True, slots=True)
class ReadHoldsHandler:
    """Reads only."""

    holds: HoldReader

    async def get(self, tenant_id: TenantId, hold_id: HoldId) -> Hold:
        """
        One hold.

        Raises:
            HoldNotFound: If there is none.
        """
        return await self.holds.get(tenant_id, hold_id)

    async def page(
        self, tenant_id: TenantId, *, wallet_id: WalletId | None, before: HoldId | None, limit: int
    ) -> Sequence[Hold]:
        """The next *limit* holds, newest first; of one wallet, when given."""
        return await self.holds.page(tenant_id, wallet_id=wallet_id, before=before, limit=limit)
