"""Merchants, and how the provider treats each of them."""

from dataclasses import dataclass, field

_BASIS_POINTS = 10_000
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """What the provider keeps: of each capture a share and a fixed part, of each payout a fixed part."""

    basis_points: int = 150
    fixed: int = 25
    payout_fixed: int = 0

    def of_capture(self, amount: int) -> int:
        """The fee for capturing *amount*, in its minor units: rounded half up, never more than the amount."""
        share = (amount * self.basis_points + _BASIS_POINTS // 2) // _BASIS_POINTS
        return min(amount, share + self.fixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long things take, in seconds on the provider's clock; what takes 0 s is done before the answer."""

    async_payment: float = 2.0
    late_success: float = 5.0
    refund: float = 1.0
    late_refund_failure: float = 10.0
    payout_in_transit: float = 1.0
    payout_paid: float = 2.0
    payout_return: float = 5 * _DAY_SECONDS
    settlement: float = 2 * _DAY_SECONDS
    authorization: float = 7 * _DAY_SECONDS
    unpaid: float = _DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where events go. Each of *secrets* signs, so that one can be replaced while both are good."""

    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookManner:
    """
    How badly events are delivered; what chance decides follows from the seed.

    Attributes:
        timestamp_offset_seconds: How far the signature's time is off the real time.
    """

    duplicate_percent: float = 0.0
    drop_percent: float = 0.0
    delay_seconds: float = 0.0
    reorder_window_seconds: float = 0.0
    max_attempts: int = 8
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 3600.0
    timestamp_offset_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantAccount:
    """
    One merchant.

    Attributes:
        api_keys: Any of them speaks for the merchant.
        protocol: The wire protocol in which it hears of events.
        disabled: Whether its keys are refused as forbidden.
        currencies: What it may charge and pay out in; empty for all.
        payouts_may_overdraw: Whether a payout may be larger than the balance.
    """

    id: str
    api_keys: tuple[str, ...]
    protocol: str = "mock"
    disabled: bool = False
    currencies: tuple[str, ...] = ()
    webhooks: tuple[WebhookEndpoint, ...] = ()
    manner: WebhookManner = field(default_factory=WebhookManner)
    fees: FeeRule = field(default_factory=FeeRule)
    delays: Delays = field(default_factory=Delays)
    payouts_may_overdraw: bool = False
