"""The driver of ``payment.capture``: take what was authorized, or a part of it."""

from dataclasses import dataclass, field

from core.application.payments.gateway_of_payment import GatewayOfPayment, context_of
from core.application.payments.settle_payment import PaymentSettlement
from core.domain.attempts import AttemptPolicy
from core.domain.gateways import CapturePayment as CaptureCommand
from core.domain.gateways import PaymentSnapshot, ProviderPaymentStatus
from core.domain.identifiers import PaymentId
from core.domain.operations import Operation
from core.domain.outcomes import Conflict, Outcome, Sighting, Succeeded, Unknown
from core.domain.payments import Capture, Payment
from core.domain.snapshots import capture_seen
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """Implements `core.application.operations.driver.OperationDriver`; one at a time is under way for a payment."""

    gateway_of: GatewayOfPayment
    settlement: PaymentSettlement
    unit_of_work: UnitOfWorkFactory
    policy: AttemptPolicy = field(default_factory=AttemptPolicy)

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """See `core.application.operations.driver.OperationDriver.submit`."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        capture = await self._capture(operation)
        if found.payment.provider_ref is None:
            return Unknown("the provider's reference of the payment is not known")
        command = CaptureCommand(
            provider_ref=found.payment.provider_ref,
            reference=str(operation.key),
            amount=capture.amount,
            currency=found.payment.asset,
            final=capture.final,
            captured_before=capture.captured_before,
        )
        return await found.gateway.capture(command, context_of(operation, deadline_at=deadline_at))

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """See `core.application.operations.driver.OperationDriver.look_up`; the payment shows what became of it."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        capture = await self._capture(operation)
        context = context_of(operation, deadline_at=deadline_at)
        sighting = await found.gateway.find_payment(found.reference, found.payment.provider_ref, context)
        seen = getattr(sighting, "evidence", None)
        return capture_seen(capture, seen) if isinstance(seen, PaymentSnapshot) else sighting

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """See `core.application.operations.driver.OperationDriver.settle`; a capture that failed changes nothing."""
        payment = await work.payments.lock(operation.tenant_id, PaymentId(operation.subject))
        evidence = getattr(outcome, "evidence", None)
        if isinstance(outcome, Succeeded) and evidence is None:  # a person found out
            capture = await work.payments.capture_of(operation.tenant_id, operation.id)
            evidence = _captured(payment, capture)
        if isinstance(evidence, PaymentSnapshot):
            payment = await self.settlement.observe(work, payment, evidence, now=operation.updated_at)
        if isinstance(outcome, Conflict):
            flagged = payment.flag(outcome.detail, now=operation.updated_at)
            await self.settlement.keep(work, payment, flagged, now=operation.updated_at)

    async def _capture(self, operation: Operation) -> Capture:
        async with self.unit_of_work() as work:
            return await work.payments.capture_of(operation.tenant_id, operation.id)


def _captured(payment: Payment, capture: Capture) -> PaymentSnapshot:
    captured = capture.captured_before + capture.amount
    status = ProviderPaymentStatus.CAPTURED if capture.final else ProviderPaymentStatus.PARTIALLY_CAPTURED
    return PaymentSnapshot(
        provider_ref=payment.provider_ref or "",
        reference="",
        status=status,
        amount=payment.amount,
        currency=payment.asset,
        authorized=payment.authorized,
        captured=captured,
    )
