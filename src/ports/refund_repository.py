"""Refunds, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import GatewayAccountId, PaymentId, RefundId, TenantId
from core.domain.refunds import Refund


class RefundRepository(Protocol):
    """Locked after their payment, which keeps the sums."""

    async def add(self, refund: Refund) -> None:
        """Keep a fresh one."""
        ...

    async def lock(self, tenant_id: TenantId, refund_id: RefundId) -> Refund:
        """
        The refund, kept from changing until the unit of work ends.

        Raises:
            RefundNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, refund: Refund) -> None:
        """Write where it stands."""
        ...

    async def get(self, tenant_id: TenantId, refund_id: RefundId) -> Refund:
        """
        The refund as it stands.

        Raises:
            RefundNotFound: If the tenant has none of that id.
        """
        ...

    async def by_provider_ref(
        self, tenant_id: TenantId, gateway_account: GatewayAccountId, provider_ref: str
    ) -> RefundId | None:
        """Which refund the provider calls that."""
        ...

    async def of_payment(self, tenant_id: TenantId, payment_id: PaymentId) -> Sequence[Refund]:
        """All refunds of a payment, oldest first."""
        ...
