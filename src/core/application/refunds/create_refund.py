"""Give a captured payment back, all of it or a part: the money leaves the wallet first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from core.application.operations.inline_operation import Begun, InlineOperation
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.payment_postings import refund_draft_leg
from core.application.payments.payment_request import RenderRefund
from core.application.transfers.request import Details
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import OperationId, PaymentId, RefundId, TenantId, TransferId
from core.domain.instructions import Instruction, Outcome, Posted, PostingRequest, Render
from core.domain.operations import Intent, begin_operation
from core.domain.payment_events import refund_event
from core.domain.payments import Payment, RefundExceedsCapture
from core.domain.refunds import SUBMIT_REFUND, Refund, RefundOrigin
from core.domain.transfers import TransferDraft, TransferType
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork

_FIRST_REFUSAL = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRefund:
    """
    Refund *amount* minor units, or all that is left.

    Attributes:
        render: How the refund is written.
        refuse: How a refusal by the Book is written, such as `insufficient_funds`.
    """

    tenant_id: TenantId
    claim: IdempotencyClaim
    trace_id: str
    payment_id: PaymentId
    amount: int | None
    reason: str | None
    details: Details
    render: RenderRefund
    refuse: Render


@dataclass(frozen=True, slots=True)
class CreateRefundHandler:
    """All refunds of a payment together never exceed what was captured: the sum is kept on its locked row."""

    inline: InlineOperation
    declared_capability: DeclaredCapability
    ids: IdGenerator

    async def __call__(self, command: CreateRefund) -> Answer:
        """
        The stored answer: the refund; `insufficient_funds`, when the wallet is short, is one too.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            Unsupported, PartsUnsupported: If the gateway does not refund, or not so.
            RefundExceedsCapture: If all refunds together would exceed what was captured.
            IdempotencyKeyReused, RequestInProgress: As the key's earlier use says.
            Unavailable: If it could not be decided now.
        """
        refund_id, operation_id = RefundId(self.ids.new()), OperationId(self.ids.new())
        transfer_id = TransferId(self.ids.new())

        async def begin(work: UnitOfWork, now: datetime) -> Begun:
            payment = await work.payments.lock(command.tenant_id, command.payment_id)
            amount = payment.refundable if command.amount is None else command.amount
            if amount == 0:
                raise RefundExceedsCapture("nothing is left to refund", refundable=0)
            refunding = payment.begin_refund(amount, now=now)
            refund = _refund(command, payment, amount, (refund_id, operation_id), now)
            account = payment.gateway_account
            declared = await self.declared_capability.of(work, command.tenant_id, account, GatewayOperation.REFUND)
            declared.check_part(amount, left=payment.refundable, before=payment.refunded + payment.refund_pending)
            operation = begin_operation(
                _intent(command, refund, declared.key_window),
                operation_id,
                now=now,
                leased_seconds=self.inline.policy.deadline_seconds,
            )

            def render(outcome: Outcome) -> Answer:
                return command.render(refund, operation) if isinstance(outcome, Posted) else command.refuse(outcome)

            leg = refund_draft_leg(payment, amount)
            draft = TransferDraft(
                id=transfer_id,
                type=TransferType.REFUND,
                legs=(leg,),
                trace_id=command.trace_id,
                reference=command.details.reference,
                description=command.details.description,
                metadata=command.details.metadata,
            )
            instruction = Instruction(command.tenant_id, (draft,), accounts=frozenset((leg.debit, leg.credit)))
            [answer] = await work.ledger.post([PostingRequest(instruction, command.claim, render)])
            if answer.replayed or answer.status >= _FIRST_REFUSAL:
                return Begun(answer, None, kept=True)
            await work.payments.save(refunding)
            await work.refunds.add(refund)
            await work.outbox.add(refund_event(None, refund))
            return Begun(answer, operation, kept=True)

        async def finish(work: UnitOfWork) -> Answer:
            operation = await work.operations.get(command.tenant_id, operation_id)
            return command.render(await work.refunds.get(command.tenant_id, refund_id), operation)

        return await self.inline.run(
            command.claim, trace_id=command.trace_id, begin=begin, finish=finish, refuse=command.refuse
        )


def _refund(
    command: CreateRefund,
    payment: Payment,
    amount: int,
    ids: tuple[RefundId, OperationId],
    now: datetime,
) -> Refund:
    return Refund(
        tenant_id=payment.tenant_id,
        id=ids[0],
        payment_id=payment.id,
        wallet_id=payment.wallet_id,
        gateway_account=payment.gateway_account,
        asset=payment.asset,
        amount=amount,
        origin=RefundOrigin.API,
        reason=command.reason,
        reference=command.details.reference,
        operation_id=ids[1],
        trace_id=command.trace_id,
        created_at=now,
        updated_at=now,
    )


def _intent(command: CreateRefund, refund: Refund, key_window: timedelta | None) -> Intent:
    return Intent(
        tenant_id=refund.tenant_id,
        kind=SUBMIT_REFUND,
        subject=refund.id,
        asset=refund.asset,
        amount=refund.amount,
        params_digest=sha256(f"{refund.payment_id}\0{refund.amount}\0{refund.reason}".encode()).digest(),
        cause=command.claim.key,
        trace_id=command.trace_id,
        gateway_account=refund.gateway_account,
        key_window=key_window,
    )
