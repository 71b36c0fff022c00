"""Operations and orders in a tenant of a test's own."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from concurrency.market import COINS, Market
from core.domain.idempotency import IdempotencyClaim
from core.domain.identifiers import OperationId, OrderId, TransferId, WalletId
from core.domain.operations import Operation, begin_operation
from core.domain.orders import Order, OrderStatus
from operation_builders import intent, order


async def an_operation(market: Market, *, leased_seconds: float | None = None, **said: Any) -> Operation:
    """A fresh one of the tenant's, not yet kept, with an intent of its own."""
    fresh = {"tenant_id": market.tenant_id, "subject": uuid4(), "cause": uuid4().hex, "asset": COINS, **said}
    async with market.container.unit_of_work() as work:
        now = await work.now()
    return begin_operation(
        intent(**fresh), OperationId(market.container.ids().new()), now=now, leased_seconds=leased_seconds
    )


async def kept(market: Market, operation: Operation) -> Operation:
    """The same, in the table."""
    async with market.container.unit_of_work() as work:
        assert await work.operations.add(operation)
        await work.commit()
    return operation


async def an_order(
    market: Market, wallet_id: WalletId, status: OrderStatus = OrderStatus.FULFILLING, **said: Any
) -> Order:
    """An order of the wallet's, kept; no money moves with it."""
    ids = market.container.ids()
    values: dict[str, Any] = {
        "tenant_id": market.tenant_id,
        "id": OrderId(ids.new()),
        "wallet_id": wallet_id,
        "asset": COINS,
        "operation_id": OperationId(ids.new()),
        "payment_id": TransferId(ids.new()),
    }
    placed = order(status, **{**values, **said})
    async with market.container.unit_of_work() as work:
        now = await work.now()
        placed = replace(placed, placed_at=now, updated_at=now)
        await work.orders.add(placed)
        await work.commit()
    return placed


def a_claim(market: Market, *, key: str | None = None, says: bytes = bytes(32)) -> IdempotencyClaim:
    """A request's right to its effect."""
    return IdempotencyClaim(market.tenant_id, key or uuid4().hex, says)
