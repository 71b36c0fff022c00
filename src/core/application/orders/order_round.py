"""
One round of an order: take the money, ask the fulfilment service, answer.

The order, its operation and the money move in one transaction, before anybody is asked. The answer is provisional
until the first attempt ended, so that a repetition with the same key never gets another one (docs/decisions/0010).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from core.application.racing import again_after_races
from core.application.transfers.request import MoneyRequest
from core.domain.accounts import Purpose
from core.domain.attempts import AttemptPolicy
from core.domain.events import order_event
from core.domain.idempotency import Answer, IdempotencyKeyReused, RequestInProgress
from core.domain.identifiers import OrderId
from core.domain.instructions import Instruction, Outcome, Posted, PostingRequest
from core.domain.operations import LEASE_MARGIN_SECONDS, Intent, Operation, begin_operation
from core.domain.orders import FULFIL_ORDER, FulfilmentNotConfigured, InvalidOrderMove, Order
from core.domain.transfers import TransferDraft, TransferType
from ports.account_opening import AccountOpening
from ports.clock import Clock
from ports.idempotency_repository import KeptAnswer
from ports.unit_of_work import TransactionRaced, UnitOfWork, UnitOfWorkFactory

RenderOrder = Callable[[Order], Answer]
"""Pure: an order as the client will read it; 201 when it has ended, 202 while it is being fulfilled."""

FirstAttempt = Callable[[Operation, float], Awaitable[Operation]]
"""Attempts an operation that is leased already, begun at that monotonic second."""

NextRound = Callable[[UnitOfWork, datetime], Awaitable[Order]]
"""The order of this round, paid; locked first, if it was there before. The moment is that of the transaction."""

_FIRST_REFUSAL = 400
_ACCOUNTS = (Purpose.ORDERS_IN_FULFILMENT, Purpose.REVENUE)


@dataclass(frozen=True, slots=True)
class OrderRound:
    """Shared by placing and retrying, which differ in where the order comes from."""

    unit_of_work: UnitOfWorkFactory
    accounts: AccountOpening
    first_attempt: FirstAttempt
    clock: Clock
    fulfilment_configured: bool
    policy: AttemptPolicy

    def check_possible(self) -> None:
        """
        Take no money for what nobody will hand over.

        Raises:
            FulfilmentNotConfigured: If there is no fulfilment service.
        """
        if not self.fulfilment_configured:
            raise FulfilmentNotConfigured("this installation has no fulfilment service (BURSAR_FULFILMENT_URL)")

    async def run(self, request: MoneyRequest, asset: str, next_round: NextRound, render_order: RenderOrder) -> Answer:
        """
        Take the money, ask once, answer.

        Raises:
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            Unavailable: If it could not be decided now.
        """
        for purpose in _ACCOUNTS:
            await self.accounts.ensure_system(request.tenant_id, purpose, asset, trace_id=request.trace_id)
        begun_at = self.clock.monotonic()
        answer, operation = await again_after_races(lambda: self._begin(request, next_round, render_order))
        if operation is None:
            return answer
        await self.first_attempt(operation, begun_at)
        return await again_after_races(lambda: self._settle_answer(request, operation, render_order))

    async def _begin(
        self, request: MoneyRequest, next_round: NextRound, render_order: RenderOrder
    ) -> tuple[Answer, Operation | None]:
        """One transaction: the money, the order and its leased operation; or the answer that was there before."""
        async with self.unit_of_work(trace_id=request.trace_id) as work:
            kept = await work.idempotency.find(request.claim)
            if kept is not None:
                return _repeated(kept, request), None
            now = await work.now()
            try:
                paid = await next_round(work, now)
            except InvalidOrderMove:  # the same request may have got the order's lock first
                kept = await work.idempotency.find(request.claim)
                if kept is None:
                    raise
                return _repeated(kept, request), None
            order = paid.begin_fulfilment(now=now)
            [answer] = await work.ledger.post([_payment(request, order, render_order)])
            if answer.replayed:
                raise TransactionRaced("the same request was answered meanwhile")
            if answer.status < _FIRST_REFUSAL:
                if order.round > 0:  # the table, too, knows of no way past being paid
                    await work.orders.save(paid)
                operation = await self._keep(work, request, order, now)
                await work.idempotency.defer(request.claim, seconds=self.policy.deadline_seconds + LEASE_MARGIN_SECONDS)
            else:
                operation = None
            await work.commit()
        return answer, operation

    async def _keep(self, work: UnitOfWork, request: MoneyRequest, order: Order, now: datetime) -> Operation:
        intent = Intent(
            tenant_id=order.tenant_id,
            kind=FULFIL_ORDER,
            subject=order.id,
            asset=order.asset,
            amount=order.amount,
            params_digest=params_digest(order),
            cause=request.claim.key,
            trace_id=request.trace_id,
        )
        operation = begin_operation(intent, order.operation_id, now=now, leased_seconds=self.policy.deadline_seconds)
        if not await work.operations.add(operation):
            raise IdempotencyKeyReused("this key was used for an earlier order, whose answer is no longer kept")
        await (work.orders.add(order) if order.round == 0 else work.orders.save(order))
        await work.outbox.add([order_event(order)])
        return operation

    async def _settle_answer(self, request: MoneyRequest, operation: Operation, render_order: RenderOrder) -> Answer:
        async with self.unit_of_work() as work:
            order = await work.orders.get(request.tenant_id, OrderId(operation.subject))
            answer = await work.idempotency.settle(request.claim, render_order(order))
            await work.commit()
        return answer


def params_digest(order: Order) -> bytes:
    """What the service is asked for, so that one key never asks for two things."""
    parts = (order.user_id, order.asset, str(order.amount), order.items, order.reference or "")
    return sha256("\0".join(parts).encode()).digest()


def _repeated(kept: KeptAnswer, request: MoneyRequest) -> Answer:
    if kept.fingerprint != request.claim.fingerprint:
        raise IdempotencyKeyReused("this key came before with another request")
    if not kept.settled:
        raise RequestInProgress("the first request with this key is still being answered")
    return kept.answer


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
