"""The driver of ``refund.submit``: ask for the refund, and follow it until it has arrived."""

from dataclasses import dataclass, field

from core.application.payments.gateway_of_payment import GatewayOfPayment, PaymentAndGateway, context_of
from core.application.refunds.settle_refund import RefundSettlement
from core.domain.attempts import AttemptPolicy
from core.domain.gateways import CreateRefund, ProviderRefundStatus, RefundSnapshot
from core.domain.identifiers import RefundId
from core.domain.operations import Operation
from core.domain.outcomes import Conflict, Declined, Outcome, Rejected, Sighting, Succeeded, Unknown
from core.domain.payment_events import payment_events
from core.domain.payments import Payment
from core.domain.refunds import Refund
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SubmitRefund:
    """Implements `core.application.operations.driver.OperationDriver`."""

    gateway_of: GatewayOfPayment
    settlement: RefundSettlement
    unit_of_work: UnitOfWorkFactory
    policy: AttemptPolicy = field(default_factory=AttemptPolicy)

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """See `core.application.operations.driver.OperationDriver.submit`; our reference there is the key."""
        refund, found = await self._find(operation)
        if found.payment.provider_ref is None:
            return Unknown("the provider's reference of the payment is not known")
        command = CreateRefund(
            reference=str(operation.key),
            payment_ref=found.payment.provider_ref,
            amount=refund.amount,
            currency=refund.asset,
            reason=refund.reason,
        )
        return await found.gateway.refund(command, context_of(operation, deadline_at=deadline_at))

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """See `core.application.operations.driver.OperationDriver.look_up`."""
        refund, found = await self._find(operation)
        context = context_of(operation, deadline_at=deadline_at)
        return await found.gateway.find_refund(str(operation.key), refund.provider_ref, context)

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """See `core.application.operations.driver.OperationDriver.settle`."""
        refund = await work.refunds.get(operation.tenant_id, RefundId(operation.subject))
        payment = await work.payments.lock(operation.tenant_id, refund.payment_id)
        refund = await work.refunds.lock(operation.tenant_id, refund.id)
        now = operation.updated_at
        evidence = getattr(outcome, "evidence", None)
        if isinstance(outcome, Succeeded) and evidence is None:  # a person found out
            evidence = _succeeded(refund, payment, outcome.provider_ref)
        if isinstance(evidence, RefundSnapshot):
            refund = await self.settlement.observe(work, payment, refund, evidence, now=now)
            payment = await work.payments.lock(operation.tenant_id, refund.payment_id)
        if isinstance(outcome, Declined | Rejected):
            await self.settlement.fail(work, payment, refund, outcome.failure, now=now)
        elif isinstance(outcome, Conflict):
            flagged = payment.flag(outcome.detail, now=now)
            await work.payments.save(flagged)
            await work.outbox.add(payment_events(payment, flagged))

    async def _find(self, operation: Operation) -> tuple[Refund, PaymentAndGateway]:
        async with self.unit_of_work() as work:
            refund = await work.refunds.get(operation.tenant_id, RefundId(operation.subject))
        return refund, await self.gateway_of.find(operation.tenant_id, refund.payment_id)


def _succeeded(refund: Refund, payment: Payment, provider_ref: str) -> RefundSnapshot:
    return RefundSnapshot(
        provider_ref=provider_ref,
        payment_ref=payment.provider_ref or "",
        reference=None,
        status=ProviderRefundStatus.SUCCEEDED,
        amount=refund.amount,
        currency=refund.asset,
    )
