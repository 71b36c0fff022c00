"""Orders, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import OrderId, TenantId, WalletId
from core.domain.orders import Order, OrderStatus


class OrderRepository(Protocol):
    """Rows are locked before they are changed; the database refuses illegal moves a second time."""

    async def add(self, order: Order) -> None:
        """Keep a fresh one."""
        ...

    async def lock(self, tenant_id: TenantId, order_id: OrderId) -> Order:
        """
        The order, kept from changing until the unit of work ends.

        Raises:
            OrderNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, order: Order) -> None:
        """Write where it stands."""
        ...

    async def get(self, tenant_id: TenantId, order_id: OrderId) -> Order:
        """
        The order as it stands.

        Raises:
            OrderNotFound: If the tenant has none of that id.
        """
        ...

    async def page(
        self,
        tenant_id: TenantId,
        *,
        wallet_id: WalletId | None,
        status: OrderStatus | None,
        before: OrderId | None,
        limit: int,
    ) -> Sequence[Order]:
        """The next *limit*, newest first, behind *before*."""
        ...

    async def in_fulfilment(self, tenant_id: TenantId, wallet_id: WalletId) -> int:
        """Minor units of the wallet that orders keep until their outcome is known."""
        ...
