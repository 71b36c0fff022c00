"""Read orders."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import OrderId, TenantId, WalletId
from core.domain.orders import Order, OrderStatus
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadOrdersHandler:
    """Orders as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, order_id: OrderId) -> Order:
        """
        One order.

        Raises:
            OrderNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.orders.get(tenant_id, order_id)

    async def page(
        self,
        tenant_id: TenantId,
        *,
        wallet_id: WalletId | None,
        status: OrderStatus | None,
        before: OrderId | None,
        limit: int,
    ) -> Sequence[Order]:
        """The next *limit*, newest first."""
        async with self.unit_of_work() as work:
            return await work.orders.page(tenant_id, wallet_id=wallet_id, status=status, before=before, limit=limit)
