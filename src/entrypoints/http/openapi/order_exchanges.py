"""The exchanges of orders and of the operations that carry them out."""

from datetime import timedelta
from uuid import UUID

from core.domain.identifiers import OperationId, OrderId, TransferId
from core.domain.operations import Intent, Operation, OperationState, begin_operation
from core.domain.orders import FULFIL_ORDER, Order, OrderStatus
from entrypoints.http.openapi.exchange import Exchange, Shown, listing, reading
from entrypoints.http.openapi.refusals import ADMINISTERING, ADMINISTERING_MONEY, ADMINISTERING_ONE, CHANGING
from entrypoints.http.openapi.samples import ALICE, MOMENT, TENANT, TRACE_ID, TRANSFER, USD
from entrypoints.http.pagination import Page, write_cursor
from entrypoints.http.positions import OperationPosition, OrderPosition
from entrypoints.http.schemas.operations import (
    OperationHistoryResponse,
    OperationResponse,
    ResolveOperationRequest,
)
from entrypoints.http.schemas.orders import OrderItemRequest, OrderResponse, PlaceOrderRequest
from ports.operation_repository import RecordedAttempt

_ORDER = OrderId(UUID("01936d2e-ae4d-7ff6-8d87-806d6d03d004"))
_OPERATION = OperationId(UUID("01936d2e-bf5e-7007-9e98-917e7e14e005"))
_SETTLEMENT = TransferId(UUID("01936d2e-8c2b-7dd4-8b65-6e4b4be1b006"))
_LATER = MOMENT + timedelta(seconds=1)


def _order(status: OrderStatus, *, failure_code: str | None = None, failure_message: str | None = None) -> Order:
    has_ended = status in {OrderStatus.COMPLETED, OrderStatus.FAILED}
    return Order(
        tenant_id=TENANT,
        id=_ORDER,
        wallet_id=ALICE,
        user_id="user_alice",
        asset=USD,
        amount=900,
        items='[{"quantity":2,"sku":"sku-4711","unit_amount":450}]',
        reference="basket-9",
        description=None,
        metadata=None,
        status=status,
        round=0,
        operation_id=_OPERATION,
        payment_id=TRANSFER,
        settlement_id=_SETTLEMENT if has_ended else None,
        fulfilment_ref="shipment-31" if status is OrderStatus.COMPLETED else None,
        failure_code=failure_code,
        failure_message=failure_message,
        trace_id=TRACE_ID,
        placed_at=MOMENT,
        updated_at=_LATER if has_ended else MOMENT,
    )


def _operation() -> Operation:
    intent = Intent(
        tenant_id=TENANT,
        kind=FULFIL_ORDER,
        subject=_ORDER,
        asset=USD,
        amount=900,
        params_digest=bytes(32),
        cause="8e03978e-40d5-43dd-bc93-6894a57f9324",
        trace_id=TRACE_ID,
    )
    return begin_operation(intent, _OPERATION, now=MOMENT, leased_seconds=5)


_begun = _operation()
_unknown = _begun.move(
    OperationState.UNKNOWN,
    now=_LATER,
    unknown_since=_LATER,
    next_attempt_at=_LATER + timedelta(seconds=1),
    last_error="no answer in time",
)
_hurried = _unknown.move(OperationState.UNKNOWN, now=_LATER, next_attempt_at=_LATER)
_resolved = _unknown.move(OperationState.SUCCEEDED, now=_LATER, attempt=2, provider_ref="shipment-31", last_error=None)
_attempt = RecordedAttempt(
    attempt=1, step="submit", outcome="unknown", detail="no answer in time", counted=True, ended_at=_LATER
)
_completed = OrderResponse.of(_order(OrderStatus.COMPLETED))
_fulfilling = OrderResponse.of(_order(OrderStatus.FULFILLING))
_ANSWERS = {
    201: Shown("It has ended: completed, or failed with the money back in the wallet.", _completed),
    202: Shown("Paid; the fulfilment service has not answered yet.", _fulfilling),
}

ORDER_EXCHANGES: dict[str, Exchange] = {
    "PlaceOrder": Exchange(
        request=PlaceOrderRequest(
            wallet_id=ALICE,
            amount=900,
            items=[OrderItemRequest(sku="sku-4711", quantity=2, unit_amount=450)],
            reference="basket-9",
        ),
        answers=_ANSWERS,
        refusals=CHANGING,
        moves_money=True,
    ),
    "ListOrders": listing(Page([_completed], write_cursor(OrderPosition(_ORDER)))),
    "GetOrder": reading("The order.", _completed),
    "RetryOrder": Exchange(answers=_ANSWERS, refusals=ADMINISTERING_MONEY, moves_money=True),
    "ListOperations": Exchange(
        answers={
            200: Shown("One page.", Page([OperationResponse.of(_unknown)], write_cursor(OperationPosition(_OPERATION))))
        },
        refusals=ADMINISTERING,
    ),
    "GetOperation": Exchange(
        answers={200: Shown("The operation and its history.", OperationHistoryResponse.of(_unknown, [_attempt]))},
        refusals=ADMINISTERING_ONE,
    ),
    "HurryOperation": Exchange(
        answers={200: Shown("Due now.", OperationResponse.of(_hurried))}, refusals=(*ADMINISTERING_ONE, 409)
    ),
    "ResolveOperation": Exchange(
        request=ResolveOperationRequest(
            outcome="succeeded", provider_ref="shipment-31", reason="seen in the warehouse's list"
        ),
        answers={200: Shown("Ended, and the money moved.", OperationResponse.of(_resolved))},
        refusals=ADMINISTERING_MONEY,
        moves_money=True,
    ),
}
