"""Capture an authorized payment, all of it or a part."""

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
from core.domain.payments import CAPTURE_PAYMENT, Capture, Payment
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCapture(PaymentRequest):
    """Capture *amount* minor units, or all that is left; *final* lets go of the rest."""

    amount: int | None
    final: bool


@dataclass(frozen=True, slots=True)
class RequestCaptureHandler:
    """One capture at a time is under way for a payment."""

    inline: InlineOperation
    declared_capability: DeclaredCapability
    ids: IdGenerator

    async def __call__(self, command: RequestCapture) -> Answer:
        """
        The stored answer: the payment, or why the provider refused.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            PaymentNotCapturable, CaptureExceedsAuthorization: As the payment stands.
            Unsupported, PartsUnsupported: If the gateway does not capture, or not so.
            OperationUnderWay: If another operation on the payment is not at its end.
            IdempotencyKeyReused, RequestInProgress: As the key's earlier use says.
            Unavailable: If it could not be decided now.
        """
        operation_id = OperationId(self.ids.new())

        async def begin(work: UnitOfWork, now: datetime) -> Begun:
            payment = await work.payments.lock(command.tenant_id, command.payment_id)
            amount = payment.capturable if command.amount is None else command.amount
            payment.check_capture(amount)
            final = command.final or amount == payment.capturable
            account = payment.gateway_account
            declared = await self.declared_capability.of(work, command.tenant_id, account, GatewayOperation.CAPTURE)
            declared.check_part(amount, left=payment.capturable, before=payment.captured, final=final)
            operation = begin_operation(
                _intent(command, payment, amount, declared.key_window),
                operation_id,
                now=now,
                leased_seconds=self.inline.policy.deadline_seconds,
            )
            await work.payments.add_capture(
                Capture(
                    tenant_id=payment.tenant_id,
                    operation_id=operation_id,
                    payment_id=payment.id,
                    amount=amount,
                    final=final,
                    captured_before=payment.captured,
                )
            )
            return Begun(command.render(payment, operation), operation, kept=False)

        async def finish(work: UnitOfWork) -> Answer:
            operation = await work.operations.get(command.tenant_id, operation_id)
            return command.render(await work.payments.get(command.tenant_id, command.payment_id), operation)

        return await self.inline.run(
            command.claim, trace_id=command.trace_id, begin=begin, finish=finish, refuse=command.refuse
        )


def _intent(command: RequestCapture, payment: Payment, amount: int, key_window: timedelta | None) -> Intent:
    return Intent(
        tenant_id=payment.tenant_id,
        kind=CAPTURE_PAYMENT,
        subject=payment.id,
        asset=payment.asset,
        amount=amount,
        params_digest=sha256(f"{payment.id}\0{amount}\0{command.final}".encode()).digest(),
        cause=command.claim.key,
        trace_id=command.trace_id,
        gateway_account=payment.gateway_account,
        key_window=key_window,
    )
