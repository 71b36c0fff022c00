"""What a snapshot means for the operation that asked for it."""

from core.domain.gateways import (
    PaymentSnapshot,
    ProviderPaymentStatus,
    ProviderRefundStatus,
    RefundSnapshot,
    Snapshot,
)
from core.domain.outcomes import Declined, Failure, FailureClass, NextStep, Succeeded

_PAYMENT_DONE = frozenset(
    {
        ProviderPaymentStatus.AUTHORIZED,
        ProviderPaymentStatus.PARTIALLY_CAPTURED,
        ProviderPaymentStatus.CAPTURED,
    }
)
_PAYMENT_OVER = frozenset({ProviderPaymentStatus.FAILED, ProviderPaymentStatus.CANCELED, ProviderPaymentStatus.EXPIRED})
_REFUND_OVER = frozenset({ProviderRefundStatus.FAILED, ProviderRefundStatus.CANCELED})


def outcome_of(seen: Snapshot) -> Succeeded | Declined | None:
    """The final outcome that it shows; None while the provider has not decided."""
    if isinstance(seen, PaymentSnapshot):
        if seen.status in _PAYMENT_DONE:
            return Succeeded(seen.provider_ref, seen)
        if seen.status in _PAYMENT_OVER:
            return Declined(seen.failure or _ended(seen.status.value), seen.provider_ref, seen)
    if isinstance(seen, RefundSnapshot):
        if seen.status is ProviderRefundStatus.SUCCEEDED:
            return Succeeded(seen.provider_ref, seen)
        if seen.status in _REFUND_OVER:
            return Declined(seen.failure or _ended(seen.status.value), seen.provider_ref, seen)
    return None


def _ended(status: str) -> Failure:
    return Failure(
        code=f"payment_{status}" if status in {"canceled", "expired"} else "provider_failed",
        failure_class=FailureClass.SOFT_DECLINE,
        next_step=NextStep.USE_OTHER_METHOD,
        message=f"the provider says {status}",
    )
