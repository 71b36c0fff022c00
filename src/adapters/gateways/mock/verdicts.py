"""What a snapshot means for the one who asked."""

from core.domain.gateways import (
    PaymentSnapshot,
    PayoutSnapshot,
    ProviderPaymentStatus,
    ProviderPayoutStatus,
    ProviderRefundStatus,
    RefundSnapshot,
)
from core.domain.outcomes import (
    ActionRequired,
    Declined,
    Failure,
    FailureClass,
    NextStep,
    Outcome,
    Pending,
    Succeeded,
)

POLL_AFTER_SECONDS = 5.0
"""For payments and refunds, which are seconds from their end; the webhook usually comes first."""

PAYOUT_POLL_AFTER_SECONDS = 60.0

_PAID = frozenset({ProviderPaymentStatus.CAPTURED, ProviderPaymentStatus.PARTIALLY_CAPTURED})
_PAYOUT_ON_ITS_WAY = frozenset({ProviderPayoutStatus.PENDING, ProviderPayoutStatus.IN_TRANSIT})


def on_payment(payment: PaymentSnapshot, *, captures_by_itself: bool) -> Outcome:
    """Of an automatic payment, authorized is not yet what was asked for."""
    match payment.status:
        case ProviderPaymentStatus.REQUIRES_ACTION:
            return ActionRequired(payment.provider_ref, payment)
        case ProviderPaymentStatus.CREATED | ProviderPaymentStatus.PROCESSING:
            return Pending(payment.provider_ref, POLL_AFTER_SECONDS, payment)
        case ProviderPaymentStatus.AUTHORIZED if captures_by_itself:
            return Pending(payment.provider_ref, POLL_AFTER_SECONDS, payment)
        case ProviderPaymentStatus.FAILED | ProviderPaymentStatus.CANCELED | ProviderPaymentStatus.EXPIRED:
            return Declined(payment.failure or _ended("payment", payment.status), payment.provider_ref, payment)
        case _:
            return Succeeded(payment.provider_ref, payment)


def on_cancellation(payment: PaymentSnapshot) -> Outcome:
    """Canceled; or captured in part, and the rest let go."""
    if payment.status in _PAID | {ProviderPaymentStatus.CANCELED, ProviderPaymentStatus.EXPIRED}:
        return Succeeded(payment.provider_ref, payment)
    return Pending(payment.provider_ref, POLL_AFTER_SECONDS, payment)


def on_refund(refund: RefundSnapshot) -> Outcome:
    """Succeeded is not for ever: a bank may send the money back."""
    match refund.status:
        case ProviderRefundStatus.SUCCEEDED:
            return Succeeded(refund.provider_ref, refund)
        case ProviderRefundStatus.PENDING:
            return Pending(refund.provider_ref, POLL_AFTER_SECONDS, refund)
        case ProviderRefundStatus.FAILED | ProviderRefundStatus.CANCELED:
            return Declined(refund.failure or _ended("refund", refund.status), refund.provider_ref, refund)


def on_payout(payout: PayoutSnapshot) -> Outcome:
    """Paid is not for ever either: it may be returned days later."""
    if payout.status in _PAYOUT_ON_ITS_WAY:
        return Pending(payout.provider_ref, PAYOUT_POLL_AFTER_SECONDS, payout)
    if payout.status is ProviderPayoutStatus.PAID:
        return Succeeded(payout.provider_ref, payout)
    return Declined(payout.failure or _ended("payout", payout.status), payout.provider_ref, payout)


def on_payout_cancellation(payout: PayoutSnapshot) -> Outcome:
    """Canceled; anything else will still be decided."""
    if payout.status is ProviderPayoutStatus.CANCELED:
        return Succeeded(payout.provider_ref, payout)
    return Pending(payout.provider_ref, PAYOUT_POLL_AFTER_SECONDS, payout)


def contradiction(payment: PaymentSnapshot) -> str | None:
    """What in a payment cannot be together, whatever we asked for."""
    if not 0 <= payment.captured <= payment.authorized <= payment.amount:
        return "sums"
    if (
        min(payment.refunded, payment.refund_pending) < 0
        or payment.refunded + payment.refund_pending > payment.captured
    ):
        return "refunded sums"
    if (payment.status in _PAID) != (payment.captured > 0):
        return "captured amount"
    if payment.status is ProviderPaymentStatus.AUTHORIZED and payment.authorized == 0:
        return "authorized amount"
    return None


def _ended(what: str, status: str) -> Failure:
    """Of something that ended without a reason given."""
    return Failure(code=f"{what}_{status}", failure_class=FailureClass.SOFT_DECLINE, next_step=NextStep.RETRY_LATER)
