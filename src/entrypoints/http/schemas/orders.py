"""Orders over the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.domain.money import MAX_AMOUNT
from core.domain.orders import Order, OrderStatus, check_total
from entrypoints.http.field_errors import field_error
from entrypoints.http.problem_types import METADATA_TOO_LARGE
from entrypoints.http.problems import MalformedRequest
from entrypoints.http.schemas.fields import (
    MAX_METADATA_BYTES,
    Amount,
    AssetCode,
    Metadata,
    MovementRequest,
    Request,
    StoredMetadata,
    UserId,
    canonical_metadata,
    raw_json,
)

MAX_ITEMS = 100
MAX_ITEMS_BYTES = 131_072
_MAX_QUANTITY = 1_000_000

Sku = Annotated[str, Meta(min_length=1, max_length=128, description="What you call it.", examples=["sku-4711"])]
UnitAmount = Annotated[
    int, Meta(ge=1, le=MAX_AMOUNT, description="The price of one, in minor units of the order's asset.", examples=[450])
]
StoredItems = Annotated[
    msgspec.Raw,
    Meta(
        description="As they were given, keys sorted.",
        extra_json_schema={"type": "array", "items": {"type": "object"}},
    ),
]


class OrderItemRequest(Request, frozen=True, kw_only=True, omit_defaults=True):
    """One kind of thing that is ordered."""

    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=_MAX_QUANTITY, description="How many.", examples=[2])]
    unit_amount: UnitAmount | None = None
    metadata: Metadata | None = None


class PlaceOrderRequest(MovementRequest, frozen=True, kw_only=True):
    """Pay `amount` for `items` from a wallet: the one of `wallet_id`, or the one of `user_id` in `asset`."""

    wallet_id: UUID | None = None
    user_id: UserId | None = None
    asset: AssetCode | None = None
    amount: Amount
    items: Annotated[list[OrderItemRequest], Meta(min_length=1, max_length=MAX_ITEMS)]

    def __post_init__(self) -> None:
        """Refuse anything but one of the two ways to name the wallet."""
        by_user = (self.user_id, self.asset)
        if self.wallet_id is None and None in by_user:
            raise ValueError("give wallet_id, or user_id and asset")
        if self.wallet_id is not None and by_user != (None, None):
            raise ValueError("give wallet_id, or user_id and asset, not both")

    def canonical_items(self) -> str:
        """
        The items as one exact text: keys sorted, no spaces, without what was left out.

        Raises:
            MalformedRequest: 400, above 32,768 bytes of metadata in one item, or 131,072 bytes in all.
            OrderTotalMismatch: If every item has a price, and they do not come to the amount.
        """
        check_total(self.amount, [(item.quantity, item.unit_amount) for item in self.items])
        for place, item in enumerate(self.items):
            if item.metadata is not None:
                _check_metadata(place, item.metadata)
        encoded = msgspec.json.encode(self.items, order="deterministic")
        if len(encoded) > MAX_ITEMS_BYTES:
            raise MalformedRequest(METADATA_TOO_LARGE, field_error(["items"], f"at most {MAX_ITEMS_BYTES} bytes"))
        return encoded.decode()


def _check_metadata(place: int, metadata: Metadata) -> None:
    try:
        canonical_metadata(metadata)
    except MalformedRequest as error:
        where = field_error(["items", str(place), "metadata"], f"at most {MAX_METADATA_BYTES} bytes")
        raise MalformedRequest(error.kind, where) from None


class OrderFailureResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not handed over. `money_returned`: the wallet has its money again, by `settlement_id`."""

    code: str
    message: str | None
    money_returned: bool


class OrderResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    An order. `payment_id` is the transfer that took the money, `settlement_id` the one that ended it: to your revenue,
    or back to the wallet. `round` counts retries.
    """

    id: UUID
    wallet_id: UUID
    user_id: str
    asset: str
    amount: int
    items: StoredItems
    status: OrderStatus
    round: int
    operation_id: UUID
    payment_id: UUID
    settlement_id: UUID | None
    fulfilment_ref: str | None
    failure: OrderFailureResponse | None
    reference: str | None
    description: str | None
    metadata: StoredMetadata | None
    placed_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, order: Order) -> Self:
        """As clients read it."""
        failure = None
        if order.failure_code is not None:
            failure = OrderFailureResponse(
                code=order.failure_code, message=order.failure_message, money_returned=order.settlement_id is not None
            )
        return cls(
            id=order.id,
            wallet_id=order.wallet_id,
            user_id=order.user_id,
            asset=order.asset,
            amount=order.amount,
            items=msgspec.Raw(order.items.encode()),
            status=order.status,
            round=order.round,
            operation_id=order.operation_id,
            payment_id=order.payment_id,
            settlement_id=order.settlement_id,
            fulfilment_ref=order.fulfilment_ref,
            failure=failure,
            reference=order.reference,
            description=order.description,
            metadata=raw_json(order.metadata),
            placed_at=order.placed_at,
            updated_at=order.updated_at,
        )
