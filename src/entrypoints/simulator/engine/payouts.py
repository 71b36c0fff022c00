"""Payouts: money from a merchant's balance to somebody's bank account."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from entrypoints.simulator.engine.declines import Decline
from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed


class PayoutStatus(StrEnum):
    """Where a payout stands. Paid is not final: banks send money back days later."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"


_S = PayoutStatus

MOVES: Mapping[PayoutStatus, frozenset[PayoutStatus]] = {
    _S.PENDING: frozenset({_S.IN_TRANSIT, _S.FAILED, _S.CANCELED}),
    _S.IN_TRANSIT: frozenset({_S.PAID, _S.FAILED}),
    _S.PAID: frozenset({_S.RETURNED}),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.RETURNED: frozenset(),
}


class Destination(StrEnum):
    """Bank accounts of the test world: what is named tells what will happen."""

    OK = "ba_ok"
    FAILS = "ba_fails"
    """In transit, then failed."""
    RETURNED = "ba_returned"
    """Paid, then returned."""
    SLOW = "ba_slow"
    """Stays pending until somebody moves it."""


def destination_of(token: str) -> Destination:
    """
    The bank account that *token* names.

    Raises:
        InvalidRequest: If there is none.
    """
    try:
        return Destination(token)
    except ValueError:
        raise InvalidRequest("unknown_destination", "There is no such bank account.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """An amount in minor units that leaves the merchant's balance, and its fee."""

    id: str
    account_id: str
    reference: str
    amount: int
    currency: str
    destination: Destination
    fee: int
    status: PayoutStatus
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    failure: Decline | None = None

    def moved(self, status: PayoutStatus, *, at: datetime, **changes: Any) -> "Payout":
        """
        The payout in *status*, with *changes* to its fields.

        Raises:
            NotAllowed: If no payout goes from here to there.
        """
        if status not in MOVES[self.status]:
            raise NotAllowed("payout_in_wrong_state", f"A payout that is {self.status} cannot become {status}.")
        return replace(self, status=status, updated_at=at, **changes)
