"""Money that is neither here nor there: what the ledger holds for operations that have not ended, and for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.accounts import Purpose
from core.domain.identifiers import GatewayAccountId, OperationId
from core.domain.operations import OperationState
from core.domain.orders import FULFIL_ORDER
from core.domain.payments import CANCEL_PAYMENT, CAPTURE_PAYMENT, SUBMIT_PAYMENT
from core.domain.refunds import SUBMIT_REFUND

HELD_FOR: dict[str, Purpose] = {
    FULFIL_ORDER: Purpose.ORDERS_IN_FULFILMENT,
    SUBMIT_REFUND: Purpose.REFUNDS_IN_TRANSIT,
}
"""Where the money of an operation of a kind is until it ends."""

COMING_IN = (SUBMIT_PAYMENT, CAPTURE_PAYMENT, CANCEL_PAYMENT)
"""Kinds that hold nothing here: the doubt is whether money came in at the provider."""

IN_DOUBT = (OperationState.UNKNOWN, OperationState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOperation:
    """An operation that has not ended; *amount* in minor units of *asset*."""

    id: OperationId
    kind: str
    subject: UUID
    asset: str
    amount: int
    gateway_account: GatewayAccountId | None
    state: OperationState
    created_at: datetime
    unknown_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMoney:
    """
    What one account in the middle holds, and for which operations, oldest first.

    Attributes:
        open_amount: What all open operations behind it ask for, also those that are not listed.
    """

    purpose: Purpose
    asset: str
    gateway_account: GatewayAccountId | None
    balance: int
    open_amount: int
    open_count: int
    operations: Sequence[OpenOperation]

    @property
    def unexplained(self) -> int:
        """What no open operation explains; anything but zero is for a person to look at."""
        return self.balance - self.open_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyInDoubt:
    """At one moment: what is held, and pay-ins of which nobody knows whether they went through, oldest first."""

    as_of: datetime
    held: Sequence[HeldMoney]
    coming_in: Sequence[OpenOperation]
    coming_in_count: int
