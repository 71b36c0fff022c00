"""What a provider shows of a payment, made true: in what is under way for it, in the payment, in the books."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.application.operations.conclude_operation import conclude_operation
from core.application.operations.driver import OperationDriver
from core.application.payments.end_steps import EndSteps
from core.application.payments.settle_payment import PaymentSettlement
from core.domain.attempts import Step
from core.domain.gateways import CaptureMode, PaymentSnapshot, ProviderPaymentStatus
from core.domain.identifiers import PaymentId, TenantId
from core.domain.operations import Operation
from core.domain.outcomes import Declined, Succeeded
from core.domain.payments import Payment
from core.domain.snapshots import outcome_of
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PaymentNews:
    """For webhooks, and for look-ups that no operation asked for; what was heard before changes nothing."""

    drivers: Mapping[str, OperationDriver]
    end_steps: EndSteps
    settlement: PaymentSettlement

    async def __call__(
        self,
        work: UnitOfWork,
        tenant_id: TenantId,
        payment_id: PaymentId,
        seen: PaymentSnapshot,
        *,
        step: Step,
        now: datetime,
    ) -> str:
        """
        What came of it, in words.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
        """
        payment = await work.payments.get(tenant_id, payment_id)
        submission = await work.operations.lock(tenant_id, payment.operation_id)  # operations before their subject
        # Captures and cancellations first: they know why it was canceled.
        ended = [*await self.end_steps(work, payment, seen, step=step, now=now)]
        outcome = _outcome(payment, submission, seen)
        if outcome is not None:
            driver = self.drivers[submission.kind]
            ended.append(await conclude_operation(work, driver, submission, outcome, step=step, now=now))
        if ended:
            return "; ".join(f"operation {each.id} ended" for each in ended)
        before = await work.payments.lock(tenant_id, payment_id)
        after = await self.settlement.observe(work, before, seen, now=now)
        return f"payment {payment_id}: {before.status} to {after.status}"


def _outcome(payment: Payment, submission: Operation, seen: PaymentSnapshot) -> Succeeded | Declined | None:
    """How the submission ended; what does not fit ends nothing, and is flagged where it is observed."""
    if not submission.is_active or not payment.is_about_this(seen):
        return None
    if submission.provider_ref not in {None, seen.provider_ref}:
        return None
    if seen.status is ProviderPaymentStatus.AUTHORIZED and payment.capture is CaptureMode.AUTOMATIC:
        return None  # the provider goes on by itself: this is not yet the end
    return outcome_of(seen)
