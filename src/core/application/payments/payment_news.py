"""What a provider shows of a payment, made true: in what is under way for it, in the payment, in the books."""

from collections.abc import Mapping, Sequence
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
from core.domain.payments import Payment, contradicts
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
        found = await work.payments.get(tenant_id, payment_id)
        submission = await work.operations.lock(tenant_id, found.operation_id)  # operations before their subject
        steps = await self.end_steps.lock(work, found)
        payment = await work.payments.lock(tenant_id, payment_id)  # others may have heard more while we waited
        ended = await self._end(work, payment, [submission, *steps], seen, step=step, now=now)
        if ended:
            return "; ".join(f"operation {each.id} ended" for each in ended)
        after = await self.settlement.observe(work, payment, seen, now=now)
        return f"payment {payment_id}: {payment.status} to {after.status}"

    async def _end(
        self,
        work: UnitOfWork,
        payment: Payment,
        locked: Sequence[Operation],
        seen: PaymentSnapshot,
        *,
        step: Step,
        now: datetime,
    ) -> list[Operation]:
        """What was under way and is now over; all of it is locked, and so is the payment."""
        if contradicts(payment, seen, now=now):
            return []
        submission, *steps = locked
        # Captures and cancellations first: they know why it was canceled.
        ended = [*await self.end_steps(work, payment, steps, seen, step=step, now=now)]
        outcome = _outcome(payment, submission, seen)
        if outcome is not None:
            driver = self.drivers[submission.kind]
            ended.append(await conclude_operation(work, driver, submission, outcome, step=step, now=now))
        return ended


def _outcome(payment: Payment, submission: Operation, seen: PaymentSnapshot) -> Succeeded | Declined | None:
    """How the submission ended; None while the provider has not decided."""
    if not submission.is_active:
        return None
    if submission.provider_ref not in {None, seen.provider_ref}:
        return None
    if seen.status is ProviderPaymentStatus.AUTHORIZED and payment.capture is CaptureMode.AUTOMATIC:
        return None  # the provider goes on by itself: this is not yet the end
    return outcome_of(seen)
