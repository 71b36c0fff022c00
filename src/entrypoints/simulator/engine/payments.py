"""Payments: their states, and the sums that only grow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from entrypoints.simulator.engine.declines import Decline
from entrypoints.simulator.engine.methods import Method
from entrypoints.simulator.engine.refusals import NotAllowed


class PaymentStatus(StrEnum):
    """Where a payment stands. Refunds are no states of it: see the sums."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class CaptureMethod(StrEnum):
    """Whether an authorized payment is captured at once, or on request."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


_S = PaymentStatus
_UNPAID = frozenset({_S.PROCESSING, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELED, _S.EXPIRED})

MOVES: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: _UNPAID | {_S.REQUIRES_ACTION},
    _S.REQUIRES_ACTION: _UNPAID,
    _S.PROCESSING: frozenset({_S.REQUIRES_ACTION, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED}),
    _S.AUTHORIZED: frozenset({_S.PARTIALLY_CAPTURED, _S.CAPTURED, _S.CANCELED, _S.EXPIRED}),
    _S.PARTIALLY_CAPTURED: frozenset({_S.PARTIALLY_CAPTURED, _S.CAPTURED}),
    _S.FAILED: frozenset({_S.CAPTURED}),  # a late success
    _S.CAPTURED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One time that money was taken."""

    id: str
    amount: int
    fee: int
    created_at: datetime
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """
    Money from a payer to a merchant, in minor units of one currency.

    Attributes:
        reference: The merchant's own name for it; the provider does not ask that it be unique.
        authorized: What the issuer has promised.
        captured: What was taken, over all captures.
        released: What was promised and will not be taken.
        refunded: What refunds gave back; a refund that fails after its success makes it smaller again.
        refund_pending: What refunds are about to give back.
        page_token: Names the hosted page; None where the payer never has to act.
    """

    id: str
    account_id: str
    reference: str
    amount: int
    currency: str
    capture_method: CaptureMethod
    status: PaymentStatus
    created_at: datetime
    updated_at: datetime
    method: Method | None = None
    return_url: str | None = None
    page_token: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    authorized: int = 0
    captured: int = 0
    released: int = 0
    refunded: int = 0
    refund_pending: int = 0
    fee: int = 0
    captures: tuple[Capture, ...] = ()
    authorized_at: datetime | None = None
    failure: Decline | None = None

    @property
    def capturable(self) -> int:
        """What may be captured still."""
        return self.authorized - self.captured - self.released

    @property
    def refundable(self) -> int:
        """What may be refunded still."""
        return self.captured - self.refunded - self.refund_pending

    def moved(self, status: PaymentStatus, *, at: datetime, **changes: Any) -> "Payment":
        """
        The payment in *status*, with *changes* to its fields.

        Raises:
            NotAllowed: If no payment goes from here to there.
        """
        if status not in MOVES[self.status]:
            raise NotAllowed("payment_in_wrong_state", f"A payment that is {self.status} cannot become {status}.")
        return replace(self, status=status, updated_at=at, **changes)

    def with_refunds(self, *, pending: int, refunded: int, at: datetime) -> "Payment":
        """The payment in the same status, with as much more of refunds, or less."""
        return replace(
            self, refund_pending=self.refund_pending + pending, refunded=self.refunded + refunded, updated_at=at
        )
