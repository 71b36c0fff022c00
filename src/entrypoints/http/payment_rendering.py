"""Payments and refunds as the very bytes that are stored with the idempotency key: pure."""

import msgspec

from core.application.payments.payment_request import RenderPayment
from core.domain.idempotency import Answer
from core.domain.instructions import Outcome, Refused, Render
from core.domain.operations import Operation, OperationState
from core.domain.payments import Payment, PaymentStatus, ProviderRefused
from core.domain.refunds import Refund
from entrypoints.http.problems import refusal
from entrypoints.http.schemas.payments import PaymentResponse, RefundResponse

_OK, _CREATED, _ACCEPTED = 200, 201, 202
UNDECIDED = frozenset({PaymentStatus.CREATED, PaymentStatus.PROCESSING})
_REFUSED = frozenset({OperationState.DECLINED, OperationState.REJECTED})
_encode = msgspec.json.Encoder().encode


def render_payment(payment: Payment, operation: Operation) -> Answer:
    """201 when it is the payer's turn or the provider has decided, whatever it decided; 202 while nobody knows."""
    waits = operation.is_active and payment.status is not PaymentStatus.REQUIRES_ACTION
    return Answer(_ACCEPTED if waits else _CREATED, _encode(PaymentResponse.of(payment)))


def render_cleared(payment: Payment) -> Answer:
    """200 with the payment."""
    return Answer(_OK, _encode(PaymentResponse.of(payment)))


def step_rendering(request_id: str) -> RenderPayment:
    """200 when a capture or cancellation is done, 202 while nobody knows, the problem when the provider said no."""

    def render(payment: Payment, operation: Operation) -> Answer:
        if operation.state in _REFUSED:
            return refusal(_why(operation), request_id)
        return Answer(_ACCEPTED if operation.is_active else _OK, _encode(PaymentResponse.of(payment)))

    return render


def render_refund(refund: Refund, operation: Operation) -> Answer:
    """201 when it has ended, however it did; 202 while it is on its way."""
    return Answer(_ACCEPTED if operation.is_active else _CREATED, _encode(RefundResponse.of(refund)))


def rule_refusal(request_id: str) -> Render:
    """The problem; what was not refused is rendered by the others here."""

    def render(outcome: Outcome) -> Answer:
        assert isinstance(outcome, Refused)
        return refusal(outcome.error, request_id)

    return render


def _why(operation: Operation) -> ProviderRefused:
    failure = operation.failure
    if failure is None:
        return ProviderRefused(operation.last_error or "no reason was given", operation_id=str(operation.id))
    return ProviderRefused(
        failure.message or failure.code,
        failure_code=failure.code,
        failure_class=failure.failure_class.value,
        next_step=failure.next_step.value,
        operation_id=str(operation.id),
    )
