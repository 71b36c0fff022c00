"""Refunds: money on its way back to the payer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from entrypoints.simulator.engine.declines import Decline
from entrypoints.simulator.engine.refusals import NotAllowed


class RefundStatus(StrEnum):
    """Where a refund stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Origin(StrEnum):
    """Who asked for it."""

    API = "api"
    DASHBOARD = "dashboard"
    """A person on the provider's own pages: the merchant's system learns of it by an event only."""


MOVES: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.PENDING: frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED}),
    RefundStatus.SUCCEEDED: frozenset({RefundStatus.FAILED}),  # the payer's bank sends it back
    RefundStatus.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A part of a payment's captured money, in minor units, given back."""

    id: str
    account_id: str
    payment_id: str
    reference: str | None
    amount: int
    currency: str
    status: RefundStatus
    origin: Origin
    created_at: datetime
    updated_at: datetime
    reason: str | None = None
    failure: Decline | None = None

    def moved(self, status: RefundStatus, *, at: datetime, **changes: Any) -> "Refund":
        """
        The refund in *status*, with *changes* to its fields.

        Raises:
            NotAllowed: If no refund goes from here to there.
        """
        if status not in MOVES[self.status]:
            raise NotAllowed("refund_in_wrong_state", f"A refund that is {self.status} cannot become {status}.")
        return replace(self, status=status, updated_at=at, **changes)
