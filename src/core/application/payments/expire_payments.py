"""Let go of payments whose payer ran out of time."""

from dataclasses import dataclass

from core.application.payments.cancel_payment import EXPIRY_CAUSE
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.request_cancellation import cancellation_intent
from core.application.racing import again_after_races
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.identifiers import OperationId, PaymentId, TenantId
from core.domain.operations import begin_operation
from core.domain.payments import CANCEL_PAYMENT, UNPAID
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory

BATCH = 200


@dataclass(frozen=True, slots=True)
class ExpirePaymentsHandler:
    """Begins a cancellation at the provider, which decides should the payer pay at that very moment; idempotent."""

    unit_of_work: UnitOfWorkFactory
    declared_capability: DeclaredCapability
    ids: IdGenerator

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> int:
        """
        How many cancellations were begun; the worker attempts them.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            overdue = await work.payments.unpaid(tenant_id, now=await work.now(), limit=BATCH)
        begun = 0
        for payment in overdue:
            operation_id, payment_id = OperationId(self.ids.new()), payment.id

            async def begin(operation_id: OperationId = operation_id, payment_id: PaymentId = payment_id) -> bool:
                return await self._begin(tenant_id, payment_id, operation_id, trace_id)

            begun += await again_after_races(begin)
        return begun

    async def _begin(
        self, tenant_id: TenantId, payment_id: PaymentId, operation_id: OperationId, trace_id: str
    ) -> bool:
        async with self.unit_of_work(trace_id=trace_id) as work:
            payment = await work.payments.lock(tenant_id, payment_id)
            now = await work.now()
            if payment.status not in UNPAID or payment.expires_at > now:
                return False  # the payer was faster
            tried = [
                operation
                for operation in await work.operations.of_subject(tenant_id, payment.id)
                if operation.kind == CANCEL_PAYMENT and operation.cause.startswith(EXPIRY_CAUSE)
            ]
            declared = await self.declared_capability.of(
                work, tenant_id, payment.gateway_account, GatewayOperation.CANCEL
            )
            intent = cancellation_intent(
                payment,
                cause=f"{EXPIRY_CAUSE} {payment.id}",
                trace_id=trace_id,
                key_window=declared.key_window,
                ordinal=len(tried),
            )
            added = await work.operations.add(begin_operation(intent, operation_id, now=now))
            await work.commit()
        return added
