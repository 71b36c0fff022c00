"""Go on after the payer acted: the provider is asked at once; what the browser brought along is never believed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.application.operations.hurry_operation import make_due
from core.application.racing import again_after_races
from core.domain.identifiers import OperationId, PaymentId, TenantId
from core.domain.operations import InvalidOperationMove, Operation, OperationLeased
from core.domain.payments import ENDED, Payment
from ports.unit_of_work import UnitOfWorkFactory

RunOperation = Callable[[TenantId, OperationId], Awaitable[Operation | None]]
LookUp = Callable[[TenantId, PaymentId], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ConfirmPaymentHandler:
    """Idempotent by nature: it asks, and moves money only as the provider says."""

    unit_of_work: UnitOfWorkFactory
    run_operation: RunOperation
    look_up: LookUp

    async def __call__(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """
        The payment as the provider has it now.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            Unavailable: If it could not be decided now.
        """
        async with self.unit_of_work() as work:
            payment = await work.payments.get(tenant_id, payment_id)
        try:
            await again_after_races(lambda: self._hurry(tenant_id, payment.operation_id))
            await self.run_operation(tenant_id, payment.operation_id)
        except OperationLeased:
            pass  # somebody is asking at this moment
        except InvalidOperationMove:  # nothing asks any more: the submission has ended, or waits for a person
            if payment.status not in ENDED:
                await self.look_up(tenant_id, payment_id)
        async with self.unit_of_work() as work:
            return await work.payments.get(tenant_id, payment_id)

    async def _hurry(self, tenant_id: TenantId, operation_id: OperationId) -> None:
        async with self.unit_of_work() as work:
            await make_due(work, await work.operations.lock(tenant_id, operation_id))
            await work.commit()
