"""
What the provider of docs/simulator.md says and is told, byte by byte.

Fields that we do not know are passed over, and what it leaves out has a default, except where there is no telling what
happened without it.
"""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

LONGEST_TEXT = 200
"""As much of the provider's own words as we keep."""

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Document = TypeVar("_Document")


class FailureDocument(msgspec.Struct, frozen=True):
    """Why an attempt failed."""

    code: str | None = None
    message: str | None = None


class MethodDocument(msgspec.Struct, frozen=True):
    """The means of payment."""

    kind: str = "unknown"
    brand: str | None = None
    last4: Annotated[str, msgspec.Meta(max_length=4)] | None = None


class NextActionDocument(msgspec.Struct, frozen=True):
    """What the payer has to do."""

    type: str
    url: str | None = None


class PaymentDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A payment."""

    id: _Id
    reference: str
    status: str
    amount: int
    currency: str
    capture_method: str | None = None
    authorized: int
    captured: int
    refunded: int = 0
    refund_pending: int = 0
    fee: int | None = None
    payment_method: MethodDocument | None = None
    next_action: NextActionDocument | None = None
    failure: FailureDocument | None = None
    updated_at: datetime | None = None


class RefundDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A refund."""

    id: _Id
    payment: str
    reference: str | None = None
    status: str
    amount: int
    currency: str
    failure: FailureDocument | None = None
    updated_at: datetime | None = None


class PayoutDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A payout."""

    id: _Id
    reference: str
    status: str
    amount: int
    currency: str
    fee: int | None = None
    failure: FailureDocument | None = None
    updated_at: datetime | None = None


class MovementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the balance."""

    id: _Id
    type: str
    source: str
    reference: str | None = None
    gross: int
    fee: int
    net: int
    currency: str
    created_at: datetime
    available_on: datetime | None = None


class MovementPageDocument(msgspec.Struct, frozen=True):
    """Lines, and how to go on."""

    data: list[MovementDocument]
    next_cursor: str
    has_more: bool


class AccountDocument(msgspec.Struct, frozen=True):
    """Whose key it is."""

    id: str


class ErrorBody(msgspec.Struct, frozen=True):
    """What the provider says about a no."""

    type: str
    code: str | None = None
    message: str | None = None


class ErrorDocument(msgspec.Struct, frozen=True):
    """A no; with the payment, if there is one all the same."""

    error: ErrorBody
    payment: PaymentDocument | None = None


class EventObject(msgspec.Struct, frozen=True):
    """What an event is about, still encoded."""

    object: msgspec.Raw


class EventDocument(msgspec.Struct, frozen=True):
    """An event as it comes by webhook."""

    id: _Id
    type: str
    account: str
    data: EventObject
    created_at: datetime | None = None


def read(body: bytes, kind: type[_Document]) -> _Document | None:
    """*body* as *kind*, or None if it is nothing of the sort."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_list(body: bytes, kind: type[_Document]) -> list[_Document] | None:
    """The objects of a look-up, or None if it is no list of *kind*."""
    try:
        listed = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(listed["data"], type=list[kind])  # type: ignore[valid-type]  # a type at run time
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return None


def written(fields: dict[str, Any]) -> bytes:
    """A body of those *fields* that are there: the same bytes on every attempt."""
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
