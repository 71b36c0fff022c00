"""What the control takes, decoded strictly."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrypoints.simulator.exchange.faults import DEFAULT_SECONDS, LONGEST_SECONDS, FaultKind

_Name = Annotated[str, Meta(min_length=1, max_length=255)]
_Url = Annotated[str, Meta(pattern=r"^https?://[!-.0-~][!-~]*\Z", max_length=2048)]
_Secret = Annotated[str, Meta(min_length=8, max_length=255)]
_Seconds = Annotated[float, Meta(ge=0, le=10 * 366 * 86_400)]
_Percent = Annotated[float, Meta(ge=0, le=100)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all bodies have in common."""


class FeesBody(_Strict, frozen=True, kw_only=True):
    """`FeeRule`."""

    basis_points: Annotated[int, Meta(ge=0, le=10_000)] = 150
    fixed: Annotated[int, Meta(ge=0, le=10**9)] = 25
    payout_fixed: Annotated[int, Meta(ge=0, le=10**9)] = 0


class DelaysBody(_Strict, frozen=True, kw_only=True):
    """`Delays`, all in seconds; what is left out keeps the provider's default."""

    async_payment: _Seconds | None = None
    late_success: _Seconds | None = None
    refund: _Seconds | None = None
    late_refund_failure: _Seconds | None = None
    payout_in_transit: _Seconds | None = None
    payout_paid: _Seconds | None = None
    payout_return: _Seconds | None = None
    settlement: _Seconds | None = None
    authorization: _Seconds | None = None
    unpaid: _Seconds | None = None


class WebhookBody(_Strict, frozen=True, kw_only=True):
    """`WebhookEndpoint`."""

    url: _Url
    secrets: Annotated[list[_Secret], Meta(min_length=1, max_length=5)]


class MannerBody(_Strict, frozen=True, kw_only=True):
    """`WebhookManner`."""

    duplicate_percent: _Percent = 0.0
    drop_percent: _Percent = 0.0
    delay_seconds: _Seconds = 0.0
    reorder_window_seconds: _Seconds = 0.0
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 8
    first_retry_seconds: _Seconds = 1.0
    longest_retry_seconds: _Seconds = 3600.0
    timestamp_offset_seconds: Annotated[float, Meta(ge=-(10**9), le=10**9)] = 0.0


class AccountBody(_Strict, frozen=True, kw_only=True):
    """PUT /_control/accounts/{id}: the whole account; what is left out has its default."""

    api_keys: Annotated[list[_Name], Meta(min_length=1, max_length=10)]
    protocol: _Name = "mock"
    disabled: bool = False
    currencies: list[Annotated[str, Meta(pattern="^[A-Z]{3}$")]] = []
    webhooks: Annotated[list[WebhookBody], Meta(max_length=10)] = []
    webhook_behaviour: MannerBody = MannerBody()
    fees: FeesBody = FeesBody()
    delays: DelaysBody = DelaysBody()
    payouts_may_overdraw: bool = False


class AdvanceBody(_Strict, frozen=True, kw_only=True):
    """POST /_control/clock/advance."""

    seconds: _Seconds


class MatchBody(_Strict, frozen=True, kw_only=True):
    """Which requests get a fault: all that is given must hold."""

    method: str | None = None
    path: str | None = None
    reference: str | None = None
    account: str | None = None


class FaultBody(_Strict, frozen=True, kw_only=True):
    """POST /_control/faults."""

    fault: FaultKind
    match: MatchBody = MatchBody()
    times: Annotated[int, Meta(ge=1)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    seconds: Annotated[float, Meta(ge=0, le=LONGEST_SECONDS)] = DEFAULT_SECONDS
    fields: dict[str, Any] = {}


class FundBody(_Strict, frozen=True, kw_only=True):
    """POST /_control/accounts/{id}/fund."""

    amount: int
    currency: str
    reference: str | None = None


class DashboardRefundBody(_Strict, frozen=True, kw_only=True):
    """POST /_control/payments/{id}/refund."""

    amount: int | None = None


class SettleBody(_Strict, frozen=True, kw_only=True):
    """POST /_control/webhooks/settle."""

    timeout_seconds: Annotated[float, Meta(ge=0, le=60)] = 10.0
