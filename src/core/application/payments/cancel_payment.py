"""The driver of ``payment.cancel``: let go of what was not captured."""

from dataclasses import dataclass, field, replace

from core.application.payments.gateway_of_payment import GatewayOfPayment, context_of
from core.application.payments.settle_payment import PaymentSettlement
from core.domain.attempts import AttemptPolicy
from core.domain.gateways import CancelPayment as CancelCommand
from core.domain.gateways import PaymentSnapshot, ProviderPaymentStatus
from core.domain.identifiers import PaymentId
from core.domain.operations import Operation
from core.domain.outcomes import NotSent, Outcome, Sighting, Succeeded
from core.domain.payments import Payment
from core.domain.snapshots import cancellation_seen
from ports.unit_of_work import UnitOfWork

EXPIRY_CAUSE = "bursar expires payment"
"""How the cause of a cancellation begins when the payer ran out of time; a client's key never holds a space."""


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """Implements `core.application.operations.driver.OperationDriver`; it may begin while the payer is awaited."""

    gateway_of: GatewayOfPayment
    settlement: PaymentSettlement
    policy: AttemptPolicy = field(default_factory=AttemptPolicy)

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """See `core.application.operations.driver.OperationDriver.submit`."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        if found.payment.provider_ref is None:
            return NotSent("the provider's reference of the payment is not known yet")
        command = CancelCommand(provider_ref=found.payment.provider_ref)
        return await found.gateway.cancel(command, context_of(operation, deadline_at=deadline_at))

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """See `core.application.operations.driver.OperationDriver.look_up`."""
        found = await self.gateway_of.find(operation.tenant_id, PaymentId(operation.subject))
        context = context_of(operation, deadline_at=deadline_at)
        sighting = await found.gateway.find_payment(found.reference, found.payment.provider_ref, context)
        seen = getattr(sighting, "evidence", None)
        return cancellation_seen(seen) if isinstance(seen, PaymentSnapshot) else sighting

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """See `core.application.operations.driver.OperationDriver.settle`; what could not be canceled stays."""
        evidence = getattr(outcome, "evidence", None)
        payment = await work.payments.lock(operation.tenant_id, PaymentId(operation.subject))
        if isinstance(outcome, Succeeded) and evidence is None:  # a person found out
            evidence = _canceled(payment)
        if not isinstance(evidence, PaymentSnapshot):
            return
        if evidence.status is ProviderPaymentStatus.CANCELED and operation.cause.startswith(EXPIRY_CAUSE):
            evidence = replace(evidence, status=ProviderPaymentStatus.EXPIRED)
        await self.settlement.observe(work, payment, evidence, now=operation.updated_at)


def _canceled(payment: Payment) -> PaymentSnapshot:
    return PaymentSnapshot(
        provider_ref=payment.provider_ref or "",
        reference="",
        status=ProviderPaymentStatus.CANCELED,
        amount=payment.amount,
        currency=payment.asset,
        authorized=payment.authorized,
        captured=payment.captured,
    )
