"""
What we say to payment providers and what they tell us: values only (design: gateways).

Amounts are integers in minor units with an ISO 4217 code. Snapshots are cumulative facts; statuses follow from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.outcomes import Failure


class CaptureMode(StrEnum):
    """Whether the money is taken at once, or set aside at the payer's bank until we capture it."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class NextActionType(StrEnum):
    """What the payer's side has to do."""

    REDIRECT = "redirect"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a kind, not a secret
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAction:
    """
    What to show the payer.

    Attributes:
        url: Where to send the payer's browser.
        client_secret: What the provider's own form in the browser needs.
        display: What to show: bank details, a voucher, a code.
        expires_at: Until when it can be done, where the provider says so.
    """

    type: NextActionType
    url: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    display: Mapping[str, str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSummary:
    """What is known about the means of payment; never more of a card than brand and last four digits (PCI DSS 3.4)."""

    kind: str
    brand: str | None = None
    last_four: str | None = None


class ProviderPaymentStatus(StrEnum):
    """Where the provider says a payment stands."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class ProviderRefundStatus(StrEnum):
    """Where the provider says a refund stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class ProviderPayoutStatus(StrEnum):
    """Where the provider says a payout stands."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSnapshot:
    """
    A payment as the provider has it; all amounts cumulative.

    Attributes:
        reference: Ours: the key of the operation that asked for it.
        fee: What the provider has taken so far, None where it does not say.
    """

    provider_ref: str
    reference: str
    status: ProviderPaymentStatus
    amount: int
    currency: str
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    refund_pending: int = 0
    fee: int | None = None
    method: MethodSummary | None = None
    next_action: NextAction | None = None
    failure: Failure | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A refund as the provider has it; *reference* is None for one that somebody made on the provider's own pages."""

    provider_ref: str
    payment_ref: str
    reference: str | None
    status: ProviderRefundStatus
    amount: int
    currency: str
    failure: Failure | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSnapshot:
    """A payout as the provider has it."""

    provider_ref: str
    reference: str
    status: ProviderPayoutStatus
    amount: int
    currency: str
    fee: int | None = None
    failure: Failure | None = None
    updated_at: datetime | None = None


Snapshot = PaymentSnapshot | RefundSnapshot | PayoutSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """
    What every call carries.

    Attributes:
        key: The operation's key, as text: the provider does one thing once for it.
        deadline_at: On the monotonic clock; past it nothing is sent.
        scenario: What a simulator is asked to play; never set in production.
    """

    key: str
    deadline_at: float
    trace_id: str
    scenario: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePayment:
    """Ask for a payment; *method* is the provider's token, None for a page of the provider's own."""

    reference: str
    amount: int
    currency: str
    capture: CaptureMode
    method: str | None = None
    return_url: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPayment:
    """Go on after the payer acted."""

    provider_ref: str
    method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePayment:
    """Take *amount* of what is authorized; *final* lets go of the rest. *captured_before* is for checking."""

    provider_ref: str
    reference: str
    amount: int
    currency: str
    final: bool
    captured_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayment:
    """Let go of a payment that was not captured."""

    provider_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRefund:
    """Give *amount* of a captured payment back."""

    reference: str
    payment_ref: str
    amount: int
    currency: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePayout:
    """Pay *amount* to *destination*, the provider's token for somebody's account."""

    reference: str
    amount: int
    currency: str
    destination: str
    description: str | None = None


class MovementType(StrEnum):
    """Why the balance at the provider moved."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"
    PAYOUT = "payout"
    PAYOUT_REVERSAL = "payout_reversal"
    PAYOUT_RETURN = "payout_return"
    DISPUTE = "dispute"
    FEE = "fee"
    FUNDING = "funding"
    SETTLEMENT = "settlement"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of the balance at the provider, signed from our side; always gross - fee = net."""

    id: str
    type: MovementType
    gross: int
    fee: int
    net: int
    currency: str
    source_ref: str
    reference: str | None
    created_at: datetime
    available_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class MovementPage:
    """Some movements, and the cursor behind them; *has_more* when there is another page already."""

    movements: tuple[Movement, ...]
    cursor: str
    has_more: bool


MAX_WEBHOOK_BYTES = 1_048_576
"""The largest message that is taken from a provider: by the route (413 above), by every adapter, and by the table."""


@dataclass(frozen=True, slots=True)
class RawWebhook:
    """What came in, byte for byte; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedWebhook:
    """A message whose signature holds: *event_id* is the provider's, unique per account."""

    event_id: str
    event_type: str
    body: bytes
    occurred_at: datetime | None = None
