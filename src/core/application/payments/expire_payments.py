"""Let go of payments whose payer ran out of time."""

from dataclasses import dataclass

from core.application.one_by_one import one_by_one
from core.application.payments.cancel_payment import EXPIRY_CAUSE
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.request_cancellation import cancellation_intent
from core.application.payments.settle_payment import PaymentSettlement
from core.application.racing import again_after_races
from core.domain.gateway_capabilities import GatewayOperation, Unsupported
from core.domain.identifiers import OperationId, TenantId
from core.domain.operations import begin_operation
from core.domain.payments import CANCEL_PAYMENT, EXPIRE_AGAIN_AFTER, UNPAID, OverduePayment, Payment
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

BATCH = 200


@dataclass(frozen=True, slots=True)
class ExpirePaymentsHandler:
    """Begins a cancellation at the provider, which decides should the payer pay at that very moment; idempotent."""

    unit_of_work: UnitOfWorkFactory
    declared_capability: DeclaredCapability
    settlement: PaymentSettlement
    ids: IdGenerator

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> int:
        """
        How many cancellations were begun; the worker attempts them.

        One that fails comes again later and later, and is flagged for a person when it goes on failing; one at a
        gateway that cancels nothing is flagged at once, and ends when the provider lets go of it.

        Raises:
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If an account cannot be opened; the others were.
            Unavailable: If the database cannot be reached.
        """

        async def begin(overdue: OverduePayment) -> bool:
            operation_id = OperationId(self.ids.new())
            return await again_after_races(lambda: self._begin(tenant_id, overdue, operation_id, trace_id))

        return await one_by_one(await again_after_races(lambda: self._take(tenant_id)), begin)

    async def _take(self, tenant_id: TenantId) -> list[OverduePayment]:
        async with self.unit_of_work() as work:
            overdue = await work.payments.take_overdue(tenant_id, now=await work.now(), limit=BATCH)
            await work.commit()
        return list(overdue)

    async def _begin(
        self, tenant_id: TenantId, overdue: OverduePayment, operation_id: OperationId, trace_id: str
    ) -> bool:
        if overdue.tries > len(EXPIRE_AGAIN_AFTER):  # in a transaction of its own: what follows may fail again
            await self._flag(tenant_id, overdue, f"not let go of at the provider after {overdue.tries - 1} tries")
        try:
            async with self.unit_of_work(trace_id=trace_id) as work:
                payment = await work.payments.lock(tenant_id, overdue.id)
                added = payment.status in UNPAID and await self._cancel(work, payment, operation_id, trace_id)
                await work.commit()
        except Unsupported:
            await self._flag(tenant_id, overdue, "the payer ran out of time, and this gateway cancels nothing")
            return False
        return added

    async def _cancel(self, work: UnitOfWork, payment: Payment, operation_id: OperationId, trace_id: str) -> bool:
        tried = [
            operation
            for operation in await work.operations.of_subject(payment.tenant_id, payment.id)
            if operation.kind == CANCEL_PAYMENT and operation.cause.startswith(EXPIRY_CAUSE)
        ]
        declared = await self.declared_capability.of(
            work, payment.tenant_id, payment.gateway_account, GatewayOperation.CANCEL
        )
        intent = cancellation_intent(
            payment,
            cause=f"{EXPIRY_CAUSE} {payment.id}",
            trace_id=trace_id,
            key_window=declared.key_window,
            ordinal=len(tried),
        )
        return await work.operations.add(begin_operation(intent, operation_id, now=await work.now()))

    async def _flag(self, tenant_id: TenantId, overdue: OverduePayment, why: str) -> None:
        async with self.unit_of_work() as work:
            payment = await work.payments.lock(tenant_id, overdue.id)
            if payment.status in UNPAID:
                now = await work.now()
                await self.settlement.keep(work, payment, payment.flag(why, now=now), now=now)
                await work.commit()
