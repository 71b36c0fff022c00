"""Refunds: captured money on its way back to the payer (design: gateways, section 4)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.domain.errors import Conflict, NotFound
from core.domain.gateways import ProviderRefundStatus
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, RefundId, TenantId, WalletId
from core.domain.outcomes import Failure

SUBMIT_REFUND = "refund.submit"
"""The kind of operation. Permanent."""


class RefundStatus(StrEnum):
    """Permanent names."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundOrigin(StrEnum):
    """Who began it: we, or somebody on the provider's own pages."""

    API = "api"
    PROVIDER = "provider"


_S = RefundStatus
REFUND_TRANSITIONS: dict[RefundStatus, frozenset[RefundStatus]] = {
    _S.CREATED: frozenset({_S.PENDING, _S.SUCCEEDED, _S.FAILED, _S.CANCELED}),
    _S.PENDING: frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELED}),
    _S.SUCCEEDED: frozenset({_S.FAILED}),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
}
"""Every legal move; the table's trigger states the same. Succeeded to failed: the payer's bank sent it back."""


class RefundNotFound(NotFound):
    """There is no such refund."""

    code = "refund_not_found"
    title = "There is no such refund"


class InvalidRefundMove(Conflict):
    """A refund goes only where its status allows."""

    code = "invalid_refund_move"
    title = "The refund's status does not allow this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A part of a payment, or all of it, given back; *amount* in minor units of *asset*."""

    tenant_id: TenantId
    id: RefundId
    payment_id: PaymentId
    wallet_id: WalletId
    gateway_account: GatewayAccountId
    asset: str
    amount: int
    origin: RefundOrigin
    reason: str | None
    reference: str | None
    operation_id: OperationId | None
    trace_id: str
    created_at: datetime
    status: RefundStatus = RefundStatus.CREATED
    provider_ref: str | None = None
    failure: Failure | None = None
    updated_at: datetime

    def move(self, status: RefundStatus, *, now: datetime, **changes: object) -> "Refund":
        """
        The refund in *status*; the same status again is no move.

        Raises:
            InvalidRefundMove: If the table of transitions does not have it.
        """
        if status is not self.status and status not in REFUND_TRANSITIONS[self.status]:
            raise InvalidRefundMove(f"a refund that is {self.status} cannot become {status}")
        return replace(self, status=status, updated_at=now, **changes)  # type: ignore[arg-type]  # names are ours

    def leads_to(self, seen: ProviderRefundStatus) -> RefundStatus | None:
        """The status that the provider's news lead to; None when they are old, or say nothing new."""
        target = RefundStatus(seen.value)
        return target if target in REFUND_TRANSITIONS[self.status] else None
