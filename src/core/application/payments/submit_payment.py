"""The driver of ``payment.submit``: ask for the payment, and follow it until the payer's bank has decided."""

from dataclasses import dataclass, field

from core.application.payments.gateway_of_payment import GatewayOfPayment, context_of
from core.application.payments.settle_payment import PaymentSettlement
from core.domain.attempts import AttemptPolicy
from core.domain.gateways import CaptureMode, CreatePayment, PaymentSnapshot, ProviderPaymentStatus
from core.domain.identifiers import PaymentId
from core.domain.operations import Operation
from core.domain.outcomes import Conflict, Declined, Outcome, Rejected, Sighting, Succeeded
from core.domain.payments import Payment
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SubmitPayment:
    """Implements `core.application.operations.driver.OperationDriver`."""

    gateway_of: GatewayOfPayment
    settlement: PaymentSettlement
    policy: AttemptPolicy = field(default_factory=AttemptPolicy)

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """See `core.application.operations.driver.OperationDriver.submit`; our reference there is the key."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        payment = found.payment
        command = CreatePayment(
            reference=str(operation.key),
            amount=payment.amount,
            currency=payment.asset,
            capture=payment.capture,
            method=payment.method,
            return_url=payment.return_url,
            description=payment.description,
        )
        return await found.gateway.create_payment(command, context_of(operation, deadline_at=deadline_at))

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """See `core.application.operations.driver.OperationDriver.look_up`."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        context = context_of(operation, deadline_at=deadline_at)
        return await found.gateway.find_payment(str(operation.key), found.payment.provider_ref, context)

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """See `core.application.operations.driver.OperationDriver.settle`."""
        payment = await work.payments.lock(operation.tenant_id, PaymentId(operation.subject))
        now = operation.updated_at
        evidence = getattr(outcome, "evidence", None)
        if isinstance(outcome, Succeeded) and evidence is None:  # a person found out
            evidence = taken(payment, outcome.provider_ref)
        if isinstance(evidence, PaymentSnapshot):
            payment = await self.settlement.observe(work, payment, evidence, now=now)
        if isinstance(outcome, Declined | Rejected):
            await self.settlement.fail(work, payment, outcome.failure, now=now)
        elif isinstance(outcome, Conflict):
            await self.settlement.keep(work, payment, payment.flag(outcome.detail, now=now), now=now)


def taken(payment: Payment, provider_ref: str) -> PaymentSnapshot:
    """What a provider would show of a payment that went through as it was asked for."""
    automatic = payment.capture is CaptureMode.AUTOMATIC
    return PaymentSnapshot(
        provider_ref=provider_ref,
        reference="",
        status=ProviderPaymentStatus.CAPTURED if automatic else ProviderPaymentStatus.AUTHORIZED,
        amount=payment.amount,
        currency=payment.asset,
        authorized=payment.amount,
        captured=payment.amount if automatic else 0,
    )
