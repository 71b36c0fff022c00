"""What just happened to a payment or a refund, as events."""

from core.domain.events import NewEvent, PaymentEventData, RefundEventData
from core.domain.payments import Payment, PaymentStatus
from core.domain.refunds import Refund, RefundStatus

_PAYMENT_TYPES = {
    PaymentStatus.CREATED: "payment.created",
    PaymentStatus.REQUIRES_ACTION: "payment.requires_action",
    PaymentStatus.PROCESSING: "payment.processing",
    PaymentStatus.AUTHORIZED: "payment.authorized",
    PaymentStatus.PARTIALLY_CAPTURED: "payment.captured",
    PaymentStatus.CAPTURED: "payment.captured",
    PaymentStatus.CLOSED: "payment.captured",
    PaymentStatus.FAILED: "payment.failed",
    PaymentStatus.CANCELED: "payment.canceled",
    PaymentStatus.EXPIRED: "payment.expired",
}
_REFUND_TYPES = {status: f"refund.{status.value}" for status in RefundStatus}


def payment_events(before: Payment | None, after: Payment) -> list[NewEvent]:
    """What a change of a payment tells: a new status, a further capture, a reason to look at it; or nothing."""
    events: list[NewEvent] = []
    if before is None or before.status is not after.status or before.captured != after.captured:
        late = before is not None and before.status is PaymentStatus.FAILED and after.captured > before.captured
        events.append(_payment_event("payment.succeeded_late" if late else _PAYMENT_TYPES[after.status], after))
    if after.review is not None and (before is None or before.review is None):
        events.append(_payment_event("payment.flagged", after))
    return events


def refund_event(before: Refund | None, after: Refund) -> list[NewEvent]:
    """What a change of a refund tells: a new status; or nothing."""
    if before is not None and before.status is after.status:
        return []
    late = before is not None and before.status is RefundStatus.SUCCEEDED
    data = RefundEventData(
        refund_id=after.id,
        payment_id=after.payment_id,
        wallet_id=after.wallet_id,
        asset=after.asset,
        amount=after.amount,
        status=after.status.value,
        origin=after.origin.value,
        reference=after.reference,
        failure_code=None if after.failure is None else after.failure.code,
    )
    return [
        NewEvent(
            tenant_id=after.tenant_id,
            type="refund.failed_late" if late else _REFUND_TYPES[after.status],
            subject=after.id,
            trace_id=after.trace_id,
            data=data,
        )
    ]


def _payment_event(type_: str, payment: Payment) -> NewEvent:
    return NewEvent(
        tenant_id=payment.tenant_id,
        type=type_,
        subject=payment.id,
        trace_id=payment.trace_id,
        data=PaymentEventData(
            payment_id=payment.id,
            wallet_id=payment.wallet_id,
            user_id=payment.user_id,
            asset=payment.asset,
            amount=payment.amount,
            status=payment.status.value,
            authorized=payment.authorized,
            captured=payment.captured,
            refunded=payment.refunded,
            refund_pending=payment.refund_pending,
            fee=payment.fee,
            reference=payment.reference,
            failure_code=None if payment.failure is None else payment.failure.code,
            review=payment.review,
        ),
    )
