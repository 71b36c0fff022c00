"""Read payments."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import PaymentId, TenantId
from core.domain.payments import Payment
from core.domain.refunds import Refund
from ports.payment_repository import PaymentFilter
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadPaymentsHandler:
    """Payments as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, payment_id: PaymentId) -> tuple[Payment, Sequence[Refund]]:
        """
        One payment, with all its refunds.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            payment = await work.payments.get(tenant_id, payment_id)
            return payment, await work.refunds.of_payment(tenant_id, payment_id)

    async def page(
        self, tenant_id: TenantId, wanted: PaymentFilter, *, before: PaymentId | None, limit: int
    ) -> Sequence[Payment]:
        """The next *limit* payments, newest first."""
        async with self.unit_of_work() as work:
            return await work.payments.page(tenant_id, wanted, before=before, limit=limit)
