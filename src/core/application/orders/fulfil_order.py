"""Have an order handed over, and do with its money what became of it."""

from dataclasses import dataclass, field

from core.domain.attempts import AttemptPolicy
from core.domain.events import order_event
from core.domain.idempotency import Answer, internal_claim
from core.domain.identifiers import OrderId, TransferId
from core.domain.instructions import Instruction, Posted, PostingRequest
from core.domain.instructions import Outcome as PostingOutcome
from core.domain.operations import Operation
from core.domain.orders import Order
from core.domain.outcomes import Declined, Outcome, Rejected, Sighting, Succeeded
from core.domain.transfers import Leg, TransferDraft, TransferType
from ports.fulfilment import Fulfilment, FulfilmentRequest
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_POSTED, _REFUSED = 200, 409


class OrderNotSettled(Exception):
    """The books refused what the outside world has decided: a bug, or an account that cannot take it."""


@dataclass(frozen=True, slots=True)
class FulfilOrder:
    """The driver of ``order.fulfil``: success moves the money to revenue, a final no back to the wallet."""

    fulfilment: Fulfilment
    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator
    policy: AttemptPolicy = field(default_factory=AttemptPolicy)

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """See `core.application.operations.driver.OperationDriver.submit`."""
        async with self.unit_of_work() as work:
            order = await work.orders.get(operation.tenant_id, OrderId(operation.subject))
        request = FulfilmentRequest(
            key=operation.key,
            user_id=order.user_id,
            asset=order.asset,
            amount=order.amount,
            items=order.items,
            reference=order.reference,
        )
        return await self.fulfilment.submit(request, deadline_at=deadline_at)

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """See `core.application.operations.driver.OperationDriver.look_up`."""
        return await self.fulfilment.find(operation.key, deadline_at=deadline_at)

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """See `core.application.operations.driver.OperationDriver.settle`; what is not final changes nothing."""
        if not isinstance(outcome, Succeeded | Declined | Rejected):
            return
        order = await work.orders.lock(operation.tenant_id, OrderId(operation.subject))
        settlement_id = TransferId(self.ids.new())
        if isinstance(outcome, Succeeded):
            settled = order.complete(
                settlement_id=settlement_id, fulfilment_ref=outcome.provider_ref, now=operation.updated_at
            )
            type_, leg = TransferType.ORDER_COMPLETION, order.completion_leg()
        else:
            settled = order.fail(outcome.failure, settlement_id=settlement_id, now=operation.updated_at)
            type_, leg = TransferType.ORDER_RETURN, order.return_leg()
        await self._post(work, settled, type_, leg, operation)
        await work.orders.save(settled)
        await work.outbox.add([order_event(settled)])

    async def _post(self, work: UnitOfWork, order: Order, type_: TransferType, leg: Leg, operation: Operation) -> None:
        assert order.settlement_id is not None
        draft = TransferDraft(id=order.settlement_id, type=type_, legs=(leg,), trace_id=operation.trace_id, begun=False)
        instruction = Instruction(order.tenant_id, (draft,), accounts=frozenset((leg.debit, leg.credit)))
        claim = internal_claim(order.tenant_id, f"settle operation {operation.id}")
        [answer] = await work.ledger.post([PostingRequest(instruction, claim, _render)])
        if answer.status != _POSTED:
            raise OrderNotSettled(answer.body.decode())


def _render(outcome: PostingOutcome) -> Answer:
    if isinstance(outcome, Posted):
        return Answer(_POSTED, b"")
    return Answer(_REFUSED, outcome.error.detail.encode())
