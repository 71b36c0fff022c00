"""What a snapshot means for the operation that asked for it."""

from core.domain.gateways import (
    PaymentSnapshot,
    ProviderPaymentStatus,
    ProviderRefundStatus,
    RefundSnapshot,
    Snapshot,
)
from core.domain.outcomes import Absent, Declined, Failure, FailureClass, NextStep, Sighting, Succeeded, Unknown
from core.domain.payments import Capture

_PAYMENT_DONE = frozenset(
    {
        ProviderPaymentStatus.AUTHORIZED,
        ProviderPaymentStatus.PARTIALLY_CAPTURED,
        ProviderPaymentStatus.CAPTURED,
    }
)
_PAYMENT_OVER = frozenset({ProviderPaymentStatus.FAILED, ProviderPaymentStatus.CANCELED, ProviderPaymentStatus.EXPIRED})
_CAPTURABLE_NO_MORE = _PAYMENT_OVER | {ProviderPaymentStatus.CAPTURED}
"""Captured in part and ended is called captured by some: the rest went back to the payer."""
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


def capture_seen(capture: Capture, seen: PaymentSnapshot) -> Sighting:
    """What became of a capture: more captured than before is this one, as much as before is none of it yet."""
    if seen.captured >= capture.captured_before + capture.amount:
        return Succeeded(seen.provider_ref, seen)
    if seen.captured == capture.captured_before:
        return (
            Declined(_over(seen), seen.provider_ref, seen)
            if seen.status in _CAPTURABLE_NO_MORE
            else Absent(authoritative=True)
        )
    return Unknown("another amount was captured")


def cancellation_seen(seen: PaymentSnapshot) -> Sighting:
    """What became of a cancellation; where a part was captured before, it let go of the rest."""
    is_rest_gone = seen.status is ProviderPaymentStatus.CAPTURED and 0 < seen.captured < seen.authorized
    if seen.status in _PAYMENT_OVER or is_rest_gone:
        return Succeeded(seen.provider_ref, seen)
    if seen.status is ProviderPaymentStatus.PARTIALLY_CAPTURED and seen.captured:
        return Unknown("a part was captured, and the rest is still authorized")
    return Declined(_paid(), seen.provider_ref, seen) if seen.captured else Absent(authoritative=True)


def _over(seen: PaymentSnapshot) -> Failure:
    return Failure(
        code=f"payment_{seen.status}",
        failure_class=FailureClass.CONFLICT,
        next_step=NextStep.NEVER_RETRY,
        message=f"the payment was {seen.status} before it could be captured",
    )


def _paid() -> Failure:
    return Failure(
        code="payment_captured",
        failure_class=FailureClass.CONFLICT,
        next_step=NextStep.NEVER_RETRY,
        message="the payment was captured before it could be canceled",
    )


def _ended(status: str) -> Failure:
    return Failure(
        code=f"payment_{status}" if status in {"canceled", "expired"} else "provider_failed",
        failure_class=FailureClass.SOFT_DECLINE,
        next_step=NextStep.USE_OTHER_METHOD,
        message=f"the provider says {status}",
    )
