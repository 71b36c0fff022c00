"""Outcomes as the very bytes that are stored with the idempotency key: pure, and without PII."""

import msgspec

from core.domain.idempotency import Answer
from core.domain.instructions import Outcome, Posted, Refused, Render
from core.domain.operations import Operation
from core.domain.orders import Order, OrderStatus
from entrypoints.http.problems import refusal
from entrypoints.http.schemas.holds import HoldMovementResponse
from entrypoints.http.schemas.operations import OperationResponse
from entrypoints.http.schemas.orders import OrderResponse
from entrypoints.http.schemas.transfers import TransferResponse, TransfersResponse

_CREATED, _OK, _ACCEPTED = 201, 200, 202
_ENDED_ORDERS = frozenset({OrderStatus.COMPLETED, OrderStatus.FAILED})
_encode = msgspec.json.Encoder().encode


def transfer_rendering(request_id: str) -> Render:
    """201 with the transfer, or the problem."""

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Refused):
            return refusal(outcome.error, request_id)
        return Answer(_CREATED, _encode(TransferResponse.of(outcome.transfers[0])))

    return render


def batch_rendering(request_id: str) -> Render:
    """201 with all transfers, or the problem."""

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Refused):
            return refusal(outcome.error, request_id)
        return Answer(_CREATED, _encode(TransfersResponse.of(outcome)))

    return render


def hold_rendering(request_id: str, *, placing: bool) -> Render:
    """201 for a new hold, 200 for a step on one, or the problem."""
    status = _CREATED if placing else _OK

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Posted):
            return Answer(status, _encode(HoldMovementResponse.of(outcome)))
        return refusal(outcome.error, request_id)

    return render


def render_order(order: Order) -> Answer:
    """201 when it has ended, 202 while it is being fulfilled."""
    return Answer(_CREATED if order.status in _ENDED_ORDERS else _ACCEPTED, _encode(OrderResponse.of(order)))


def order_refusal(request_id: str) -> Render:
    """The problem; an order whose payment posted is rendered by `render_order`."""

    def render(outcome: Outcome) -> Answer:
        assert isinstance(outcome, Refused)
        return refusal(outcome.error, request_id)

    return render


def render_operation(operation: Operation) -> Answer:
    """200 with the operation."""
    return Answer(_OK, _encode(OperationResponse.of(operation)))
