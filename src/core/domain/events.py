"""
Events: what happened, in the past tense. Permanent names; the catalogue grows and nothing is renamed.

What a transfer's event says is read from the journal, where it cannot change; the others carry what they say.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.identifiers import EventId, OrderId, PaymentId, RefundId, TenantId, TransferId, WalletId
from core.domain.orders import Order, OrderStatus
from core.domain.transfers import Transfer, TransferType

_EVENT_TYPES: dict[TransferType, str] = {
    TransferType.HOLD: "hold.placed",
    TransferType.CAPTURE: "hold.captured",
    TransferType.RELEASE: "hold.released",
    TransferType.EXPIRY: "hold.expired",
    TransferType.REVERSAL: "transfer.reversed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One entry: *amount* minor units of *asset* came (+) to or left (-) an account of this purpose."""

    account_id: UUID
    wallet_id: WalletId | None
    purpose: str
    asset: str
    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEventData:
    """A posted transfer, without what the client wrote about it; `GET /v1/transfers/{id}` has that."""

    transfer_id: TransferId
    type: str
    reference: str | None
    reversal_of: TransferId | None
    hold_id: UUID | None
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEventData:
    """An order as it stood when it happened."""

    order_id: OrderId
    wallet_id: WalletId
    user_id: str
    asset: str
    amount: int
    status: str
    round: int
    reference: str | None
    fulfilment_ref: str | None
    failure_code: str | None
    failure_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEventData:
    """A payment as it stood when it happened; amounts cumulative, in minor units of *asset*."""

    payment_id: PaymentId
    wallet_id: WalletId
    user_id: str
    asset: str
    amount: int
    status: str
    authorized: int
    captured: int
    refunded: int
    refund_pending: int
    fee: int
    reference: str | None
    failure_code: str | None
    review: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEventData:
    """A refund as it stood when it happened; *origin* tells whether it was begun here or at the provider."""

    refund_id: RefundId
    payment_id: PaymentId
    wallet_id: WalletId
    asset: str
    amount: int
    status: str
    origin: str
    reference: str | None
    failure_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTestEventData:
    """Nothing but a sign of life, asked for by the tenant."""

    endpoint_id: UUID
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointEventData:
    """An endpoint that gets nothing any more, and why."""

    endpoint_id: UUID
    url: str
    reason: str


EventData = (
    TransferEventData
    | OrderEventData
    | PaymentEventData
    | RefundEventData
    | EndpointTestEventData
    | WebhookEndpointEventData
)

CATALOGUE: dict[str, type] = {
    "hold.captured": TransferEventData,
    "hold.expired": TransferEventData,
    "hold.placed": TransferEventData,
    "hold.released": TransferEventData,
    "order.completed": OrderEventData,
    "order.failed": OrderEventData,
    "order.placed": OrderEventData,
    "order.retried": OrderEventData,
    "payment.authorized": PaymentEventData,
    "payment.canceled": PaymentEventData,
    "payment.captured": PaymentEventData,
    "payment.created": PaymentEventData,
    "payment.expired": PaymentEventData,
    "payment.failed": PaymentEventData,
    "payment.flagged": PaymentEventData,
    "payment.processing": PaymentEventData,
    "payment.requires_action": PaymentEventData,
    "payment.succeeded_late": PaymentEventData,
    "refund.canceled": RefundEventData,
    "refund.created": RefundEventData,
    "refund.failed": RefundEventData,
    "refund.failed_late": RefundEventData,
    "refund.pending": RefundEventData,
    "refund.succeeded": RefundEventData,
    "transfer.posted": TransferEventData,
    "transfer.reversed": TransferEventData,
    "webhook_endpoint.disabled": WebhookEndpointEventData,
    "webhook_endpoint.tested": EndpointTestEventData,
}
"""Every type of event, and the shape of its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that happened, on its way to the outbox."""

    tenant_id: TenantId
    type: str
    subject: UUID
    trace_id: str
    data: EventData


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that happened, in its place.

    Attributes:
        position: Its number among the tenant's events, from 1, without gaps.
        data: JSON text of its type's data.
    """

    tenant_id: TenantId
    position: int
    id: EventId
    type: str
    subject: UUID
    trace_id: str
    occurred_at: datetime
    data: bytes


def event_type(transfer: Transfer) -> str:
    """The name of the event a posted transfer emits."""
    return _EVENT_TYPES.get(transfer.type, "transfer.posted")


_ORDER_EVENTS = {OrderStatus.COMPLETED: "order.completed", OrderStatus.FAILED: "order.failed"}


def order_event(order: Order) -> NewEvent:
    """What just happened to the order: placed or retried, completed, failed."""
    begun = "order.placed" if order.round == 0 else "order.retried"
    return NewEvent(
        tenant_id=order.tenant_id,
        type=_ORDER_EVENTS.get(order.status, begun),
        subject=order.id,
        trace_id=order.trace_id,
        data=OrderEventData(
            order_id=order.id,
            wallet_id=order.wallet_id,
            user_id=order.user_id,
            asset=order.asset,
            amount=order.amount,
            status=order.status.value,
            round=order.round,
            reference=order.reference,
            fulfilment_ref=order.fulfilment_ref,
            failure_code=order.failure_code,
            failure_message=order.failure_message,
        ),
    )
