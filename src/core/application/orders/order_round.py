"""
One round of an order: take the money, ask the fulfilment service, answer.

The order, its operation and the money move in one transaction, before anybody is asked. The answer is provisional
until the first attempt ended, so that a repetition with the same key never gets another one (docs/decisions/0010).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from core.application.operations.inline_operation import Begun, InlineOperation
from core.application.transfers.request import MoneyRequest
from core.domain.accounts import Purpose
from core.domain.events import order_event
from core.domain.idempotency import Answer
from core.domain.identifiers import OrderId
from core.domain.instructions import Instruction, Outcome, Posted, PostingRequest
from core.domain.operations import Intent, begin_operation
from core.domain.orders import FULFIL_ORDER, FulfilmentNotConfigured, Order
from core.domain.transfers import TransferDraft, TransferType
from ports.account_opening import AccountOpening
from ports.unit_of_work import UnitOfWork

RenderOrder = Callable[[Order], Answer]
"""Pure: an order as the client will read it; 201 when it has ended, 202 while it is being fulfilled."""

NextRound = Callable[[UnitOfWork, datetime], Awaitable[Order]]
"""The order of this round, paid; locked first, if it was there before. The moment is that of the transaction."""

_FIRST_REFUSAL = 400
_ACCOUNTS = (Purpose.ORDERS_IN_FULFILMENT, Purpose.REVENUE)


@dataclass(frozen=True, slots=True)
class OrderRound:
    """Shared by placing and retrying, which differ in where the order comes from."""

    inline: InlineOperation
    accounts: AccountOpening
    fulfilment_configured: bool

    def check_possible(self) -> None:
        """
        Take no money for what nobody will hand over.

        Raises:
            FulfilmentNotConfigured: If there is no fulfilment service.
        """
        if not self.fulfilment_configured:
            raise FulfilmentNotConfigured("this installation has no fulfilment service (BURSAR_FULFILMENT_URL)")

    async def run(
        self,
        request: MoneyRequest,
        order_id: OrderId,
        asset: str,
        next_round: NextRound,
        render_order: RenderOrder,
    ) -> Answer:
        """
        Take the money, ask once, answer.

        Raises:
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            Unavailable: If it could not be decided now.
        """
        for purpose in _ACCOUNTS:
            await self.accounts.ensure_system(request.tenant_id, purpose, asset, trace_id=request.trace_id)

        async def begin(work: UnitOfWork, now: datetime) -> Begun:
            paid = await next_round(work, now)
            order = paid.begin_fulfilment(now=now)
            [answer] = await work.ledger.post([_payment(request, order, render_order)])
            if answer.replayed or answer.status >= _FIRST_REFUSAL:
                return Begun(answer, None, kept=True)
            if order.round == 0:
                await work.orders.add(order)
            else:
                await work.orders.save(paid)  # the table, too, knows of no way past being paid
                await work.orders.save(order)
            await work.outbox.add([order_event(order)])
            leased_seconds = self.inline.policy.deadline_seconds
            operation = begin_operation(
                _intent(request, order), order.operation_id, now=now, leased_seconds=leased_seconds
            )
            return Begun(answer, operation, kept=True)

        async def finish(work: UnitOfWork) -> Answer:
            return render_order(await work.orders.get(request.tenant_id, order_id))

        return await self.inline.run(
            request.claim, trace_id=request.trace_id, begin=begin, finish=finish, refuse=request.render
        )


def _intent(request: MoneyRequest, order: Order) -> Intent:
    return Intent(
        tenant_id=order.tenant_id,
        kind=FULFIL_ORDER,
        subject=order.id,
        asset=order.asset,
        amount=order.amount,
        params_digest=params_digest(order),
        cause=request.claim.key,
        trace_id=request.trace_id,
    )


def params_digest(order: Order) -> bytes:
    """What the service is asked for, so that one key never asks for two things."""
    parts = (order.user_id, order.asset, str(order.amount), order.items, order.reference or "")
    return sha256("\0".join(parts).encode()).digest()


def _payment(request: MoneyRequest, order: Order, render_order: RenderOrder) -> PostingRequest:
    def render(outcome: Outcome) -> Answer:
        return render_order(order) if isinstance(outcome, Posted) else request.render(outcome)

    leg = order.payment_leg()
    draft = TransferDraft(
        id=order.payment_id,
        type=TransferType.ORDER_PAYMENT,
        legs=(leg,),
        trace_id=request.trace_id,
        reference=order.reference if order.round == 0 else None,
        description=order.description,
        metadata=order.metadata,
    )
    instruction = Instruction(order.tenant_id, (draft,), accounts=frozenset((leg.debit, leg.credit)))
    return PostingRequest(instruction, request.claim, render)
