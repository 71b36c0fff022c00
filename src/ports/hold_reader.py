"""Reading holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.domain.holds import Hold
from core.domain.identifiers import HoldId, TenantId, WalletId


class HoldReader(Protocol):
    """Holds as readers see them."""

    async def get(self, tenant_id: TenantId, hold_id: HoldId) -> Hold:
        """
        One hold.

        Raises:
            HoldNotFound: If the tenant has no such hold.
        """
        ...

    async def page(
        self, tenant_id: TenantId, *, wallet_id: WalletId | None, before: HoldId | None, limit: int
    ) -> Sequence[Hold]:
        """The next *limit* holds, newest first, behind *before*; of one wallet, when given."""
        ...

    async def due(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[Hold]:
        """Pending holds whose time has run out at *now*, longest overdue first."""
        ...
