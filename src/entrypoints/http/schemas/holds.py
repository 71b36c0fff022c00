"""Holds over the wire."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.domain.holds import DEFAULT_LIFETIME, MAX_LIFETIME, MIN_LIFETIME, Hold, HoldStatus
from core.domain.identifiers import main_account_id, reserve_account_id
from core.domain.instructions import Posted
from core.domain.wallets import WalletBalance
from entrypoints.http.schemas.fields import Amount, MovementRequest, StoredMetadata, raw_json
from entrypoints.http.schemas.transfers import TransferResponse
from entrypoints.http.schemas.wallets import BalanceResponse

_SHORTEST = int(MIN_LIFETIME.total_seconds())
_LONGEST = int(MAX_LIFETIME.total_seconds())
_DEFAULT = int(DEFAULT_LIFETIME.total_seconds())


class PlaceHoldRequest(MovementRequest, frozen=True, kw_only=True):
    """Set money of a wallet aside."""

    wallet_id: UUID
    amount: Amount
    expires_in_seconds: Annotated[
        int, Meta(ge=_SHORTEST, le=_LONGEST, description="From the moment it posts; a week unless said.")
    ] = _DEFAULT

    def lifetime(self) -> timedelta:
        """How long it keeps the money."""
        return timedelta(seconds=self.expires_in_seconds)


class CaptureHoldRequest(MovementRequest, frozen=True, kw_only=True):
    """Take all that remains, or `amount`; `final` gives the rest back to the wallet."""

    amount: Amount | None = None
    final: bool = False
    to_wallet_id: Annotated[UUID, Meta(description="A wallet to pay; the tenant's revenue unless said.")] | None = None


class ReleaseHoldRequest(MovementRequest, frozen=True, kw_only=True):
    """Why the money goes back."""


class HoldResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A hold; amounts in minor units; captured + released + remaining = amount."""

    id: UUID
    wallet_id: UUID
    asset: str
    status: HoldStatus
    amount: int
    captured: int
    released: int
    remaining: int
    expires_at: datetime
    placed_at: datetime
    reference: str | None
    description: str | None
    metadata: StoredMetadata | None

    @classmethod
    def of(cls, hold: Hold, *, now: datetime | None = None) -> Self:
        """As clients read it; at *now* a hold past its time shows as expired."""
        return cls(
            id=hold.id,
            wallet_id=hold.wallet_id,
            asset=hold.asset,
            status=hold.status if now is None else hold.status_at(now),
            amount=hold.amount,
            captured=hold.captured,
            released=hold.released,
            remaining=hold.remaining,
            expires_at=hold.expires_at,
            placed_at=hold.placed_at,
            reference=hold.reference,
            description=hold.description,
            metadata=raw_json(hold.metadata),
        )


class HoldMovementResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What a step did: the hold, the transfer that moved the money, and the wallet's balance."""

    hold: HoldResponse
    transfer: TransferResponse
    balance: BalanceResponse

    @classmethod
    def of(cls, posted: Posted) -> Self:
        """As clients read it."""
        hold = posted.hold
        assert hold is not None
        balance = WalletBalance(
            available=posted.balances[main_account_id(hold.wallet_id)],
            reserved=posted.balances[reserve_account_id(hold.wallet_id)],
        )
        transfer = posted.transfers[0]
        placed = hold if transfer.id == hold.id else None
        return cls(
            hold=HoldResponse.of(hold),
            transfer=TransferResponse.of(transfer, hold=placed),
            balance=BalanceResponse.of(balance),
        )
