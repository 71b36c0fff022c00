"""The lines of a merchant's balance: every change of it is one, and they sum up to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MovementKind(StrEnum):
    """Why the balance changed."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    PAYOUT = "payout"
    PAYOUT_REVERSAL = "payout_reversal"
    PAYOUT_RETURN = "payout_return"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """
    One line: net is gross less fee, all in minor units and signed from the merchant's side.

    Attributes:
        number: 1, 2, 3 … in each account, without gaps.
        source_id: The capture, refund or payout behind it.
        payment_id: The payment, where there is one.
        reference: The merchant's reference of what is behind it.
        available_on: From when on it may be paid out.
        payout_id: The payout that it belongs to, where there is one.
    """

    id: str
    account_id: str
    number: int
    kind: MovementKind
    source_id: str
    payment_id: str | None
    reference: str | None
    gross: int
    fee: int
    net: int
    currency: str
    created_at: datetime
    available_on: datetime
    payout_id: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What a merchant owns in one currency: *total* is the sum of its movements, *available* what of it is settled."""

    currency: str
    total: int
    available: int
