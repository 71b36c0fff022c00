"""Captures and cancellations in doubt, ended by what the provider shows of their payment, whoever heard it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.application.operations.conclude_operation import conclude_operation
from core.application.operations.driver import OperationDriver
from core.domain.attempts import Step
from core.domain.gateways import PaymentSnapshot
from core.domain.operations import Operation
from core.domain.outcomes import Declined, Sighting, Succeeded
from core.domain.payments import CANCEL_PAYMENT, CAPTURE_PAYMENT, Payment
from core.domain.snapshots import cancellation_seen, capture_seen
from ports.unit_of_work import UnitOfWork

_STEPS = frozenset({CAPTURE_PAYMENT, CANCEL_PAYMENT})


@dataclass(frozen=True, slots=True)
class EndSteps:
    """So that a next step need not wait for a look-up of the one whose answer was lost."""

    drivers: Mapping[str, OperationDriver]

    async def lock(self, work: UnitOfWork, payment: Payment) -> Sequence[Operation]:
        """Those under way for the *payment*, which must not be locked yet, as by everything that may end them."""
        return [
            await work.operations.lock(operation.tenant_id, operation.id)
            for operation in await work.operations.of_subject(payment.tenant_id, payment.id)
            if operation.kind in _STEPS and operation.is_active
        ]

    async def __call__(
        self,
        work: UnitOfWork,
        payment: Payment,
        locked: Sequence[Operation],
        seen: PaymentSnapshot,
        *,
        step: Step,
        now: datetime,
    ) -> Sequence[Operation]:
        """Those of *locked* that ended; news older than the *payment*, read behind their locks, end nothing."""
        if payment.knows_newer_than(seen):
            return ()
        ended: list[Operation] = []
        for operation in locked:
            outcome = await self._outcome(work, operation, seen)
            if operation.is_active and isinstance(outcome, Succeeded | Declined):
                driver = self.drivers[operation.kind]
                ended.append(await conclude_operation(work, driver, operation, outcome, step=step, now=now))
        return ended

    async def _outcome(self, work: UnitOfWork, operation: Operation, seen: PaymentSnapshot) -> Sighting:
        if operation.kind == CANCEL_PAYMENT:
            return cancellation_seen(seen)
        return capture_seen(await work.payments.capture_of(operation.tenant_id, operation.id), seen)
