"""Orders in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.orchestration_tables import OrderRow
from core.domain.identifiers import OrderId, TenantId, WalletId
from core.domain.orders import Order, OrderNotFound, OrderStatus

_STANDING = (
    "status",
    "round",
    "operation_id",
    "payment_id",
    "settlement_id",
    "fulfilment_ref",
    "failure_code",
    "failure_message",
    "updated_at",
)
_KEEPING = (OrderStatus.PENDING.value, OrderStatus.PAID.value, OrderStatus.FULFILLING.value)


class PostgresOrderRepository:
    """Implements `ports.order_repository.OrderRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, order: Order) -> None:
        """See `ports.order_repository.OrderRepository.add`."""
        await self._session.execute(insert(OrderRow).values(columns_of(order)))

    async def lock(self, tenant_id: TenantId, order_id: OrderId) -> Order:
        """See `ports.order_repository.OrderRepository.lock`."""
        return await self._one(tenant_id, order_id, for_update=True)

    async def get(self, tenant_id: TenantId, order_id: OrderId) -> Order:
        """See `ports.order_repository.OrderRepository.get`."""
        return await self._one(tenant_id, order_id, for_update=False)

    async def save(self, order: Order) -> None:
        """See `ports.order_repository.OrderRepository.save`."""
        values = columns_of(order)
        await self._session.execute(
            update(OrderRow)
            .where(OrderRow.tenant_id == order.tenant_id, OrderRow.id == order.id)
            .values({name: values[name] for name in _STANDING})
        )

    async def page(
        self,
        tenant_id: TenantId,
        *,
        wallet_id: WalletId | None,
        status: OrderStatus | None,
        before: OrderId | None,
        limit: int,
    ) -> Sequence[Order]:
        """See `ports.order_repository.OrderRepository.page`."""
        query = select(OrderRow).where(OrderRow.tenant_id == tenant_id).order_by(OrderRow.id.desc()).limit(limit)
        if wallet_id is not None:
            query = query.where(OrderRow.wallet_id == wallet_id)
        if status is not None:
            query = query.where(OrderRow.status == status.value)
        if before is not None:
            query = query.where(OrderRow.id < before)
        return [_order(row) for row in await self._session.scalars(query)]

    async def in_fulfilment(self, tenant_id: TenantId, wallet_id: WalletId) -> int:
        """See `ports.order_repository.OrderRepository.in_fulfilment`."""
        kept = await self._session.scalar(
            select(func.coalesce(func.sum(OrderRow.amount), 0)).where(
                OrderRow.tenant_id == tenant_id, OrderRow.wallet_id == wallet_id, OrderRow.status.in_(_KEEPING)
            )
        )
        return int(kept or 0)

    async def _one(self, tenant_id: TenantId, order_id: OrderId, *, for_update: bool) -> Order:
        query = select(OrderRow).where(OrderRow.tenant_id == tenant_id, OrderRow.id == order_id)
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise OrderNotFound(f"no order {order_id}")
        return _order(row)


def _order(row: OrderRow) -> Order:
    return value_of(Order, row, status=OrderStatus(row.status))
