"""Holds: money set aside in a wallet's reserve until it is captured, released or its time runs out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.errors import Conflict, NotFound, Rejected
from core.domain.identifiers import AccountId, HoldId, TenantId, WalletId, main_account_id, reserve_account_id
from core.domain.transfers import Leg

MIN_LIFETIME = timedelta(seconds=1)
MAX_LIFETIME = timedelta(days=365)
DEFAULT_LIFETIME = timedelta(days=7)


class HoldStatus(StrEnum):
    """Pending until its last minor unit has gone somewhere."""

    PENDING = "pending"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldNotFound(NotFound):
    """There is no such hold."""

    code = "hold_not_found"
    title = "There is no such hold"


class HoldNotPending(Conflict):
    """It was captured, released or expired before."""

    code = "hold_not_pending"
    title = "The hold is not pending"


class HoldHasExpired(Rejected):
    """Its time has run out; the money goes back to the wallet."""

    code = "hold_expired"
    title = "The hold has expired"


class HoldNotDue(Conflict):
    """Its time has not run out yet."""

    code = "hold_not_due"
    title = "The hold has not expired yet"


class CaptureExceedsHold(Rejected):
    """More than the hold still keeps."""

    code = "capture_exceeds_hold"
    title = "The capture is larger than what remains"


@dataclass(frozen=True, slots=True)
class Hold:
    """
    Money set aside; known by the id of the transfer that placed it. Amounts in minor units.

    Always captured + released + remaining = amount.
    """

    tenant_id: TenantId
    id: HoldId
    wallet_id: WalletId
    asset: str
    amount: int
    captured: int
    released: int
    status: HoldStatus
    expires_at: datetime
    placed_at: datetime
    reference: str | None
    description: str | None
    metadata: str | None

    @property
    def remaining(self) -> int:
        """What it still keeps, in minor units."""
        return self.amount - self.captured - self.released

    def status_at(self, now: datetime) -> HoldStatus:
        """As a reader sees it: a pending hold past its time shows as expired before its money has moved back."""
        return HoldStatus.EXPIRED if self.status is HoldStatus.PENDING and now >= self.expires_at else self.status


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Set the draft's leg aside for *lifetime* from the moment it posts."""

    wallet_id: WalletId
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class CaptureHold:
    """
    Move *amount* minor units (None: all that remains) from the reserve to *destination*.

    A *final* capture gives what is left back to the wallet; one that takes everything is final anyway.
    """

    hold_id: HoldId
    destination: AccountId
    amount: int | None
    final: bool


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Give back what remains."""

    hold_id: HoldId


@dataclass(frozen=True, slots=True)
class ExpireHold:
    """Give back what remains because the time has run out."""

    hold_id: HoldId


HoldStep = CaptureHold | ReleaseHold | ExpireHold
HoldChange = PlaceHold | HoldStep


def take_step(hold: Hold, step: HoldStep, *, now: datetime) -> tuple[Hold, tuple[Leg, ...]]:
    """
    Decide a step on a hold: what it becomes, and which money moves.

    Raises:
        HoldNotPending: If it ended before.
        HoldHasExpired: On a capture when *now* is past its time.
        HoldNotDue: On an expiry before its time.
        CaptureExceedsHold: If less than the wanted amount remains.
    """
    if hold.status is not HoldStatus.PENDING:
        raise HoldNotPending(f"the hold was {hold.status} before", status=hold.status.value)
    if isinstance(step, CaptureHold):
        return _capture(hold, step, now=now)
    if isinstance(step, ExpireHold) and now < hold.expires_at:
        raise HoldNotDue("the hold has time left")
    status = HoldStatus.EXPIRED if isinstance(step, ExpireHold) else HoldStatus.RELEASED
    return (
        replace(hold, released=hold.released + hold.remaining, status=status),
        (_back_to_wallet(hold, hold.remaining),),
    )


def _capture(hold: Hold, step: CaptureHold, *, now: datetime) -> tuple[Hold, tuple[Leg, ...]]:
    if now >= hold.expires_at:
        raise HoldHasExpired("the hold's time has run out")
    amount = hold.remaining if step.amount is None else step.amount
    if amount > hold.remaining:
        raise CaptureExceedsHold(f"{hold.remaining} minor units remain", pointer="#/amount", remaining=hold.remaining)
    rest = hold.remaining - amount
    ends = step.final or rest == 0
    legs = [Leg(reserve_account_id(hold.wallet_id), step.destination, amount)]
    if ends and rest:
        legs.append(_back_to_wallet(hold, rest))
    captured = replace(
        hold,
        captured=hold.captured + amount,
        released=hold.released + (rest if ends else 0),
        status=HoldStatus.CAPTURED if ends else HoldStatus.PENDING,
    )
    return captured, tuple(legs)


def _back_to_wallet(hold: Hold, amount: int) -> Leg:
    return Leg(reserve_account_id(hold.wallet_id), main_account_id(hold.wallet_id), amount)
