"""Payments and refunds over the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.domain.gateways import CaptureMode, MethodSummary, NextAction, NextActionType
from core.domain.outcomes import Failure, FailureClass, NextStep
from core.domain.payments import Payment, PaymentStatus
from core.domain.refunds import Refund, RefundOrigin, RefundStatus
from core.domain.return_urls import MAX_LENGTH, check_return_url
from entrypoints.http.schemas.fields import (
    PRINTABLE_PATTERN,
    Amount,
    AssetCode,
    MovementRequest,
    Request,
    StoredMetadata,
    Text,
    UserId,
    raw_json,
)

MethodToken = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=PRINTABLE_PATTERN,
        description="The provider's token for the means of payment, never a card number; a page of the provider's own, "
        "when left out.",
        examples=["pm_card_ok"],
    ),
]
ReturnUrl = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LENGTH,
        description="Where the payer's browser comes back to: https, or http on this machine.",
        examples=["https://shop.example.com/paid"],
    ),
]


class ClearReviewRequest(Request, frozen=True, kw_only=True):
    """What you found, or did about it."""

    note: Text


class DepositRequest(MovementRequest, frozen=True, kw_only=True):
    """Take `amount` from a payer. Through which provider: `gateway_account_id`, or the only one that can."""

    amount: Amount
    gateway_account_id: UUID | None = None
    payment_method: MethodToken | None = None
    capture: CaptureMode = CaptureMode.AUTOMATIC
    return_url: ReturnUrl | None = None

    def check(self) -> None:
        """
        What no type can say.

        Raises:
            ReturnUrlRefused: If the payer must not be sent there.
        """
        if self.return_url is not None:
            check_return_url(self.return_url)


class CreatePaymentRequest(DepositRequest, frozen=True, kw_only=True):
    """The same into the wallet of `wallet_id`, or the one of `user_id` in `asset`."""

    wallet_id: UUID | None = None
    user_id: UserId | None = None
    asset: AssetCode | None = None

    def __post_init__(self) -> None:
        """Refuse anything but one of the two ways to name the wallet."""
        by_user = (self.user_id, self.asset)
        if self.wallet_id is None and None in by_user:
            raise ValueError("give wallet_id, or user_id and asset")
        if self.wallet_id is not None and by_user != (None, None):
            raise ValueError("give wallet_id, or user_id and asset, not both")


class CapturePaymentRequest(Request, frozen=True, kw_only=True):
    """All that is authorized, unless `amount` says less; `final` lets go of the rest."""

    amount: Amount | None = None
    final: bool = True


class RefundPaymentRequest(MovementRequest, frozen=True, kw_only=True):
    """All that is left of what was captured, unless `amount` says less."""

    amount: Amount | None = None
    reason: Text | None = None


class FailureResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was a no, and what can be done about it; show `message` to nobody but your own people."""

    code: str
    class_: FailureClass = msgspec.field(name="class")
    next_step: NextStep
    message: str | None

    @classmethod
    def of(cls, failure: Failure | None) -> Self | None:
        """As clients read it; None for None."""
        if failure is None:
            return None
        return cls(
            code=failure.code, class_=failure.failure_class, next_step=failure.next_step, message=failure.message
        )


class NextActionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer has to do: go to `url`, fill in the provider's form with `client_secret`, or read `display`."""

    type: NextActionType
    url: str | None
    client_secret: str | None
    display: Mapping[str, str] | None
    expires_at: datetime | None

    @classmethod
    def of(cls, action: NextAction | None) -> Self | None:
        """As clients read it; None for None."""
        if action is None:
            return None
        return cls(**{name: getattr(action, name) for name in cls.__struct_fields__})


class PaymentMethodResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the means of payment; of a card its brand and last four digits at most."""

    kind: str
    brand: str | None
    last_four: str | None

    @classmethod
    def of(cls, method: MethodSummary | None) -> Self | None:
        """As clients read it; None for None."""
        return None if method is None else cls(kind=method.kind, brand=method.brand, last_four=method.last_four)


class RefundResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A refund. `origin` is `provider` for one that somebody made on the provider's own pages."""

    id: UUID
    payment_id: UUID
    wallet_id: UUID
    asset: str
    amount: int
    status: RefundStatus
    origin: RefundOrigin
    reason: str | None
    reference: str | None
    failure: FailureResponse | None
    provider_ref: str | None
    operation_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """As clients read it."""
        same = {name: getattr(refund, name) for name in cls.__struct_fields__ if name != "failure"}
        return cls(**same, failure=FailureResponse.of(refund.failure))


class RefundsResponse(msgspec.Struct, frozen=True):
    """All refunds of a payment, oldest first."""

    items: list[RefundResponse]


class PaymentResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    A payment. Amounts are cumulative; `capturable` and `refundable` are what is left. `review` says why a person has to
    look at it.
    """

    id: UUID
    wallet_id: UUID
    user_id: str
    asset: str
    amount: int
    capture: CaptureMode
    status: PaymentStatus
    authorized: int
    captured: int
    capturable: int
    refunded: int
    refund_pending: int
    refundable: int
    fee: int
    next_action: NextActionResponse | None
    payment_method: PaymentMethodResponse | None
    failure: FailureResponse | None
    review: str | None
    gateway_account_id: UUID
    provider_ref: str | None
    operation_id: UUID
    return_url: str | None
    reference: str | None
    description: str | None
    metadata: StoredMetadata | None
    created_at: datetime
    expires_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """As clients read it."""
        return cls(**_members(payment))


class PaymentWithRefundsResponse(PaymentResponse, frozen=True, kw_only=True):
    """A payment, and all its refunds, oldest first."""

    refunds: list[RefundResponse]

    @classmethod
    def with_refunds(cls, payment: Payment, refunds: Sequence[Refund]) -> Self:
        """As clients read it."""
        return cls(**_members(payment), refunds=[RefundResponse.of(refund) for refund in refunds])


_WRITTEN_OTHERWISE = {"next_action", "payment_method", "failure", "gateway_account_id", "metadata"}


def _members(payment: Payment) -> dict[str, Any]:
    same = (name for name in PaymentResponse.__struct_fields__ if name not in _WRITTEN_OTHERWISE)
    return {name: getattr(payment, name) for name in same} | {
        "next_action": NextActionResponse.of(payment.next_action),
        "payment_method": PaymentMethodResponse.of(payment.method_summary),
        "failure": FailureResponse.of(payment.failure),
        "gateway_account_id": payment.gateway_account,
        "metadata": raw_json(payment.metadata),
    }
