"""Transfers and entries over the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.application.transfers.transfer_between_wallets import WalletLeg
from core.domain.accounts import Purpose
from core.domain.holds import Hold
from core.domain.identifiers import TransferId, WalletId
from core.domain.instructions import Posted
from core.domain.transfers import MAX_LEGS, Entry, Transfer, TransferType
from entrypoints.http.schemas.fields import (
    Amount,
    AssetCode,
    MovementRequest,
    Request,
    StoredMetadata,
    Text,
    UserId,
    raw_json,
)
from ports.journal import JournalLine


class CreditRequest(MovementRequest, frozen=True, kw_only=True):
    """Money into the wallet from the tenant's treasury."""

    amount: Amount


class DebitRequest(MovementRequest, frozen=True, kw_only=True):
    """Money out of the wallet into the tenant's treasury."""

    amount: Amount


class TopUpRequest(MovementRequest, frozen=True, kw_only=True):
    """Points bought, or external money already taken."""

    amount: Amount
    payment_method: Text | None = None

    def own_words(self) -> dict[str, str]:
        """The payment method, when given."""
        return {} if self.payment_method is None else {"payment_method": self.payment_method}


class BonusRequest(MovementRequest, frozen=True, kw_only=True):
    """A present, paid by the tenant's promotions."""

    amount: Amount
    bonus_type: Text | None = None

    def own_words(self) -> dict[str, str]:
        """The bonus type, when given."""
        return {} if self.bonus_type is None else {"bonus_type": self.bonus_type}


class SpendRequest(MovementRequest, frozen=True, kw_only=True):
    """Money out of the wallet into the tenant's revenue."""

    amount: Amount
    item_id: Text | None = None

    def own_words(self) -> dict[str, str]:
        """The item id, when given."""
        return {} if self.item_id is None else {"item_id": self.item_id}


class UserTopUpRequest(TopUpRequest, frozen=True, kw_only=True):
    """The same by user and asset; opens the wallet if there is none."""

    user_id: UserId
    asset: AssetCode


class UserBonusRequest(BonusRequest, frozen=True, kw_only=True):
    """The same by user and asset; opens the wallet if there is none."""

    user_id: UserId
    asset: AssetCode


class UserSpendRequest(SpendRequest, frozen=True, kw_only=True):
    """The same by user and asset; the wallet must be there."""

    user_id: UserId
    asset: AssetCode


class SendRequest(MovementRequest, frozen=True, kw_only=True):
    """From the wallet of the path to another one."""

    to_wallet_id: UUID
    amount: Amount


class LegRequest(Request, frozen=True, kw_only=True):
    """One movement of a transfer."""

    from_wallet_id: UUID
    to_wallet_id: UUID
    amount: Amount

    def to_leg(self) -> WalletLeg:
        """The same for the core."""
        return WalletLeg(WalletId(self.from_wallet_id), WalletId(self.to_wallet_id), self.amount)


class TransferRequest(MovementRequest, frozen=True, kw_only=True):
    """Either two parties and an amount, or legs; all move in order, or none."""

    from_wallet_id: UUID | None = None
    to_wallet_id: UUID | None = None
    amount: Amount | None = None
    legs: Annotated[list[LegRequest], Meta(min_length=1, max_length=MAX_LEGS)] | None = None

    def __post_init__(self) -> None:
        """Refuse anything but one of the two forms."""
        two_party = (self.from_wallet_id, self.to_wallet_id, self.amount)
        if self.legs is None and None in two_party:
            raise ValueError("give from_wallet_id, to_wallet_id and amount, or legs")
        if self.legs is not None and two_party != (None, None, None):
            raise ValueError("give legs, or from_wallet_id, to_wallet_id and amount, not both")

    def to_legs(self) -> list[WalletLeg]:
        """The same for the core."""
        if self.legs is not None:
            return [leg.to_leg() for leg in self.legs]
        assert self.from_wallet_id is not None
        assert self.to_wallet_id is not None
        assert self.amount is not None
        return [WalletLeg(WalletId(self.from_wallet_id), WalletId(self.to_wallet_id), self.amount)]


class BatchItemRequest(TransferRequest, frozen=True, kw_only=True):
    """One transfer of a batch; its key, when left out, follows from the request's and its place."""

    idempotency_key: Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,255}$(?!\n)")] | None = None


class BatchRequest(Request, frozen=True, kw_only=True):
    """Independent: each item on its own. Atomic: all or none, under the request's key."""

    mode: Literal["independent", "atomic"]
    transfers: Annotated[list[BatchItemRequest], Meta(min_length=1, max_length=1000)]

    def __post_init__(self) -> None:
        """Refuse items' own keys where one key covers all."""
        if self.mode == "atomic" and any(item.idempotency_key is not None for item in self.transfers):
            raise ValueError("an atomic batch has one key, the request's; items have none")


class ReversalRequest(MovementRequest, frozen=True, kw_only=True):
    """Why the transfer is undone."""


class EntryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One debit or credit; amounts and balances in minor units."""

    account_id: UUID
    wallet_id: UUID | None
    purpose: Purpose
    asset: str
    direction: Literal["debit", "credit"]
    amount: int
    balance_before: int
    balance_after: int
    sequence: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """As clients read it."""
        after = entry.balance_after
        signed = entry.direction * entry.amount
        return cls(
            account_id=entry.account_id,
            wallet_id=entry.wallet_id,
            purpose=entry.purpose,
            asset=entry.asset,
            direction="debit" if signed < 0 else "credit",
            amount=entry.amount,
            balance_before=after - signed,
            balance_after=after,
            sequence=entry.sequence,
        )


class WalletStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a wallet can spend right after the transfer, in minor units."""

    wallet_id: UUID
    asset: str
    available: int


TransferStatus = Literal["posted", "reversed", "pending", "captured", "released", "expired"]


class TransferResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer with its entries. `status` of a hold's transfer is the hold's."""

    id: UUID
    type: TransferType
    status: TransferStatus
    posted_at: datetime
    reference: str | None
    description: str | None
    metadata: StoredMetadata | None
    reversal_of: UUID | None
    reversed_by: UUID | None
    hold_id: UUID | None
    trace_id: str
    entries: list[EntryResponse]
    balances: list[WalletStanding]

    @classmethod
    def of(
        cls,
        transfer: Transfer,
        *,
        hold: Hold | None = None,
        reversed_by: TransferId | None = None,
        now: datetime | None = None,
    ) -> Self:
        """As clients read it; *hold* is the one it placed, as it is at *now*."""
        if hold is not None:
            status: TransferStatus = (hold.status if now is None else hold.status_at(now)).value
        else:
            status = "posted" if reversed_by is None else "reversed"
        entries = transfer.entries
        return cls(
            id=transfer.id,
            type=transfer.type,
            status=status,
            posted_at=transfer.posted_at,
            reference=transfer.reference,
            description=transfer.description,
            metadata=raw_json(transfer.metadata),
            reversal_of=transfer.reversal_of,
            reversed_by=reversed_by,
            hold_id=transfer.hold_id,
            trace_id=transfer.trace_id,
            entries=[EntryResponse.of(entry) for entry in entries],
            balances=standings(entries),
        )


class TransfersResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The transfers of an atomic batch."""

    transfers: list[TransferResponse]

    @classmethod
    def of(cls, posted: Posted) -> Self:
        """As clients read it."""
        return cls(transfers=[TransferResponse.of(transfer) for transfer in posted.transfers])


class BatchItemResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One item's own answer: a transfer below 400, else a problem."""

    index: int
    status: int
    body: Annotated[
        msgspec.Raw,
        Meta(
            extra_json_schema={
                "anyOf": [{"$ref": "#/components/schemas/TransferResponse"}, {"$ref": "#/components/schemas/Problem"}]
            }
        ),
    ]


class BatchResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Every item's answer, in the request's order."""

    items: list[BatchItemResponse]


class LineResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a wallet's history."""

    transfer_id: UUID
    type: TransferType
    posted_at: datetime
    reference: str | None
    description: str | None
    metadata: StoredMetadata | None
    hold_id: UUID | None
    reversal_of: UUID | None
    trace_id: str
    entry: EntryResponse

    @classmethod
    def of(cls, line: JournalLine) -> Self:
        """As clients read it."""
        transfer = line.transfer
        return cls(
            transfer_id=transfer.id,
            type=transfer.type,
            posted_at=transfer.posted_at,
            reference=transfer.reference,
            description=transfer.description,
            metadata=raw_json(transfer.metadata),
            hold_id=transfer.hold_id,
            reversal_of=transfer.reversal_of,
            trace_id=transfer.trace_id,
            entry=EntryResponse.of(line.entry),
        )


class StatementResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's available money over [from, to); balances in minor units, lines oldest first."""

    wallet_id: UUID
    asset: str
    from_: datetime = msgspec.field(name="from")
    to: datetime
    opening_balance: int
    closing_balance: int
    items: list[LineResponse]
    next_cursor: str | None


def standings(entries: list[Entry]) -> list[WalletStanding]:
    """What each wallet among the entries can spend after the last of them."""
    last = {entry.wallet_id: entry for entry in entries if entry.purpose is Purpose.MAIN}
    return [
        WalletStanding(wallet_id=wallet_id, asset=entry.asset, available=entry.balance_after)
        for wallet_id, entry in last.items()
        if wallet_id is not None
    ]
