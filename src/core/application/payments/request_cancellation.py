"""Cancel a payment that was not captured."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from core.application.operations.inline_operation import Begun, InlineOperation
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.payment_request import PaymentRequest
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.idempotency import Answer
from core.domain.identifiers import OperationId
from core.domain.operations import Intent, begin_operation
from core.domain.payments import CANCEL_PAYMENT, Payment
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCancellation(PaymentRequest):
    """Let go of the payment."""


@dataclass(frozen=True, slots=True)
class RequestCancellationHandler:
    """The provider decides, should the payer pay at this very moment."""

    inline: InlineOperation
    declared_capability: DeclaredCapability
    ids: IdGenerator

    async def __call__(self, command: RequestCancellation) -> Answer:
        """
        The stored answer: the payment, or why the provider refused.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            PaymentNotCancelable: Once anything was captured, or it has ended.
            OperationUnderWay: If a cancellation is under way already.
            IdempotencyKeyReused, RequestInProgress: As the key's earlier use says.
            Unavailable: If it could not be decided now.
        """
        operation_id = OperationId(self.ids.new())

        async def begin(work: UnitOfWork, now: datetime) -> Begun:
            payment = await work.payments.lock(command.tenant_id, command.payment_id)
            payment.check_cancel()
            account = payment.gateway_account
            declared = await self.declared_capability.of(work, command.tenant_id, account, GatewayOperation.CANCEL)
            intent = cancellation_intent(
                payment, cause=command.claim.key, trace_id=command.trace_id, key_window=declared.key_window
            )
            leased_seconds = self.inline.policy.deadline_seconds
            operation = begin_operation(intent, operation_id, now=now, leased_seconds=leased_seconds)
            return Begun(command.render(payment, operation), operation, kept=False)

        async def finish(work: UnitOfWork) -> Answer:
            operation = await work.operations.get(command.tenant_id, operation_id)
            return command.render(await work.payments.get(command.tenant_id, command.payment_id), operation)

        return await self.inline.run(
            command.claim, trace_id=command.trace_id, begin=begin, finish=finish, refuse=command.refuse
        )


def cancellation_intent(
    payment: Payment, *, cause: str, trace_id: str, key_window: timedelta | None, ordinal: int = 0
) -> Intent:
    """What a cancellation asks for; *ordinal* tells it from earlier ones of the same cause."""
    return Intent(
        tenant_id=payment.tenant_id,
        kind=CANCEL_PAYMENT,
        subject=payment.id,
        asset=payment.asset,
        amount=payment.amount,
        params_digest=sha256(f"cancel {payment.id}".encode()).digest(),
        cause=cause,
        trace_id=trace_id,
        gateway_account=payment.gateway_account,
        ordinal=ordinal,
        key_window=key_window,
    )
