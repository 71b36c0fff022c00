"""The truth journal: what was really done with money. It is written here and read by those who doubt Bursar's books."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Effect(StrEnum):
    """What was done."""

    AUTHORIZED = "authorized"
    RELEASED = "released"
    CAPTURED = "captured"
    DECLINED = "declined"
    REFUNDED = "refunded"
    REFUND_REVERSED = "refund_reversed"
    PAID_OUT = "paid_out"
    PAYOUT_REVERSED = "payout_reversed"
    PAYOUT_RETURNED = "payout_returned"
    FUNDED = "funded"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthEntry:
    """
    One effect, appended and never changed.

    Attributes:
        object_id: The payment, refund or payout that it was done to.
        payment_id: The payment concerned, if any.
        reference: The merchant's reference of that object.
        amount: In minor units, never negative.
        fee: What the provider kept of it.
    """

    at: datetime
    account_id: str
    effect: Effect
    object_id: str
    payment_id: str | None
    reference: str | None
    amount: int
    fee: int
    currency: str
