"""Try a failed order again, on an operator's word: the money is taken again."""

from dataclasses import dataclass
from datetime import datetime

from core.application.orders.order_round import OrderRound, RenderOrder
from core.application.transfers.request import MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import OperationId, OrderId, TransferId
from core.domain.orders import Order
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOrder(MoneyRequest):
    """Another round for a failed order."""

    order_id: OrderId
    render_order: RenderOrder


@dataclass(frozen=True, slots=True)
class RetryOrderHandler:
    """A new operation with a new key: the service replays the old refusal for the old one."""

    order_round: OrderRound
    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator

    async def __call__(self, command: RetryOrder) -> Answer:
        """
        The stored answer; `insufficient_funds` is one too.

        Raises:
            OrderNotFound: If the tenant has no such order.
            InvalidOrderMove: Unless it has failed.
            FulfilmentNotConfigured, IdempotencyKeyReused, RequestInProgress, Unavailable: As placing does.
        """
        self.order_round.check_possible()
        async with self.unit_of_work() as work:
            asset = (await work.orders.get(command.tenant_id, command.order_id)).asset
        operation_id, payment_id = OperationId(self.ids.new()), TransferId(self.ids.new())

        async def next_round(work: UnitOfWork, now: datetime) -> Order:
            order = await work.orders.lock(command.tenant_id, command.order_id)
            return order.pay_again(operation_id=operation_id, payment_id=payment_id, now=now)

        return await self.order_round.run(command, command.order_id, asset, next_round, command.render_order)
