"""Payments, as a unit of work sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, TenantId, WalletId
from core.domain.payments import Capture, OverduePayment, Payment, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Which payments: all of them, unless said."""

    wallet_id: WalletId | None = None
    status: PaymentStatus | None = None
    reference: str | None = None
    under_review: bool = False


class PaymentRepository(Protocol):
    """Rows are locked before they are changed; the database refuses illegal moves a second time."""

    async def add(self, payment: Payment) -> None:
        """
        Keep a fresh one.

        Raises:
            ReferenceAlreadyUsed: If another payment of the tenant has its reference.
        """
        ...

    async def lock(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """
        The payment, kept from changing until the unit of work ends.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, payment: Payment) -> None:
        """Write where it stands."""
        ...

    async def get(self, tenant_id: TenantId, payment_id: PaymentId) -> Payment:
        """
        The payment as it stands.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
        """
        ...

    async def by_provider_ref(
        self, tenant_id: TenantId, gateway_account: GatewayAccountId, provider_ref: str
    ) -> PaymentId | None:
        """Which payment the provider calls that."""
        ...

    async def page(
        self, tenant_id: TenantId, wanted: PaymentFilter, *, before: PaymentId | None, limit: int
    ) -> Sequence[Payment]:
        """The next *limit*, newest first, behind *before*."""
        ...

    async def take_overdue(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[OverduePayment]:
        """
        Up to *limit* whose payer has run out of time; none that is being canceled, or not known by name there yet.

        They count as tried *now*, and those that another one is taking at this moment are left to it. Those tried
        before come again after `core.domain.payments.EXPIRE_AGAIN_AFTER`.
        """
        ...

    async def take_quiet(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[PaymentId]:
        """
        Up to *limit* that have not ended, of which nothing was heard for long and for which nothing is under way.

        They count as looked at *now*, and those that another one is taking at this moment are left to it.
        """
        ...

    async def unsettled(self, tenant_id: TenantId, wallet_id: WalletId) -> int:
        """How many payments and refunds of the wallet are not at their end."""
        ...

    async def add_capture(self, capture: Capture) -> None:
        """Keep what a capture asks for."""
        ...

    async def capture_of(self, tenant_id: TenantId, operation_id: OperationId) -> Capture:
        """What that operation asks for; it was added with it."""
        ...
