"""Read refunds."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import PaymentId, RefundId, TenantId
from core.domain.refunds import Refund
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadRefundsHandler:
    """Refunds as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, refund_id: RefundId) -> Refund:
        """
        One refund.

        Raises:
            RefundNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.refunds.get(tenant_id, refund_id)

    async def of_payment(self, tenant_id: TenantId, payment_id: PaymentId) -> Sequence[Refund]:
        """
        All refunds of a payment, oldest first.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            await work.payments.get(tenant_id, payment_id)
            return await work.refunds.of_payment(tenant_id, payment_id)
