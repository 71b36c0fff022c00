"""Transfers: the journal's transactions. Immutable, balanced per asset, made of entries."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.accounts import Purpose
from core.domain.errors import Conflict, NotFound, Rejected
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId

MAX_LEGS = 100
"""The most legs one transfer may have."""

DEBIT, CREDIT = -1, 1
"""An account's balance is its credits minus its debits, so a direction is also a sign."""


class TransferType(StrEnum):
    """Why money moved. Permanent names: they are part of what is hashed."""

    TOPUP = "topup"
    BONUS = "bonus"
    SPEND = "spend"
    CREDIT = "credit"
    DEBIT = "debit"
    TRANSFER = "transfer"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRY = "expiry"
    REVERSAL = "reversal"
    ORDER_PAYMENT = "order_payment"
    ORDER_COMPLETION = "order_completion"
    ORDER_RETURN = "order_return"
    PAYMENT = "payment"
    PAYMENT_FEE = "payment_fee"
    REFUND = "refund"
    REFUND_COMPLETION = "refund_completion"
    REFUND_RETURN = "refund_return"


IRREVERSIBLE_TYPES = frozenset(
    {
        TransferType.HOLD,
        TransferType.CAPTURE,
        TransferType.RELEASE,
        TransferType.EXPIRY,
        TransferType.REVERSAL,
        TransferType.ORDER_PAYMENT,
        TransferType.ORDER_COMPLETION,
        TransferType.ORDER_RETURN,
        TransferType.PAYMENT,
        TransferType.PAYMENT_FEE,
        TransferType.REFUND,
        TransferType.REFUND_COMPLETION,
        TransferType.REFUND_RETURN,
    }
)
"""These end by steps of their own: a capture, an order's outcome, a refund; and a reversal is final."""


class TransferNotFound(NotFound):
    """There is no such transfer."""

    code = "transfer_not_found"
    title = "There is no such transfer"


class ReferenceAlreadyUsed(Conflict):
    """A reference names one transfer for ever."""

    code = "reference_already_used"
    title = "The reference is taken"


class TransferAlreadyReversed(Conflict):
    """A transfer is reversed once."""

    code = "transfer_already_reversed"
    title = "The transfer was reversed before"


class TransferNotReversible(Rejected):
    """Transfers of this type end in another way."""

    code = "transfer_not_reversible"
    title = "Transfers of this type are not reversed"


class InvalidLegs(Rejected):
    """A transfer has 1 to 100 legs."""

    code = "invalid_legs"
    title = "The number of legs is out of bounds"


class SameWallet(Rejected):
    """Money moves between two accounts."""

    code = "same_wallet"
    title = "Source and destination are the same"


@dataclass(slots=True)
class Leg:
    """Move *amount* minor units out of the *debit* account into the *credit* account."""

    debit: AccountId
    credit: AccountId
    amount: int


@dataclass(slots=True)
class TransferDraft:
    """
    A transfer somebody asks for, not yet decided.

    Attributes:
        legs: At least one; applied in order, each judged after the one before.
        reference: Unique per tenant for ever, when given.
        metadata: Canonical JSON text of the client's object, or None; opaque to the core.
        trace_id: 32 lower-case hex digits of the request that caused it.
        undoes: On a reversal, the type of the transfer it mirrors.
        begun: False for what must post even on a frozen wallet (releases, expiries, a provider's facts).
    """

    id: TransferId
    type: TransferType
    legs: tuple[Leg, ...]
    trace_id: str
    reference: str | None = None
    description: str | None = None
    metadata: str | None = None
    reversal_of: TransferId | None = None
    undoes: TransferType | None = None
    hold_id: HoldId | None = None
    begun: bool = True


@dataclass(slots=True)
class Entry:
    """
    One debit or credit of a positive *amount* on one account.

    Attributes:
        leg: Position in its transfer, from 0: even numbers debit, odd ones credit.
        sequence: Position on its account, from 1, without gaps.
        direction: -1 debit, +1 credit.
        balance_after: The account's balance with this entry, in minor units.
        chain: SHA-256 over the account's previous hash, this entry and its transfer (core.domain.chain).
    """

    leg: int
    account_id: AccountId
    wallet_id: WalletId | None
    purpose: Purpose
    asset: str
    sequence: int
    direction: int
    amount: int
    balance_after: int
    chain: bytes

    @property
    def balance_before(self) -> int:
        """The account's balance without this entry, in minor units."""
        return self.balance_after - self.direction * self.amount


@dataclass(slots=True)
class Transfer:
    """A posted transfer with its entries, two a leg in leg order."""

    tenant_id: TenantId
    id: TransferId
    type: TransferType
    posted_at: datetime
    trace_id: str
    reference: str | None
    description: str | None
    metadata: str | None
    reversal_of: TransferId | None
    hold_id: HoldId | None
    entries: list[Entry] = field(default_factory=list[Entry])


def mirror_legs(entries: list[Entry]) -> tuple[Leg, ...]:
    """The legs that undo a transfer, last first, so that no account is asked for money it has passed on."""
    ordered = sorted(entries, key=lambda entry: entry.leg)
    pairs = zip(ordered[0::2], ordered[1::2], strict=True)
    return tuple(
        Leg(debit=credit.account_id, credit=debit.account_id, amount=credit.amount) for debit, credit in pairs
    )[::-1]


def check_legs(legs: tuple[Leg, ...]) -> None:
    """
    Refuse a transfer that moves nothing, or in more legs than one transfer may have.

    Raises:
        InvalidLegs: Outside 1 to 100 legs.
    """
    if not 1 <= len(legs) <= MAX_LEGS:
        raise InvalidLegs(f"a transfer has 1 to {MAX_LEGS} legs, not {len(legs)}", pointer="#/legs")


def check_reversible(type_: TransferType) -> None:
    """
    Refuse to reverse what ends in another way.

    Raises:
        TransferNotReversible: For holds, captures, releases, expiries and reversals.
    """
    if type_ in IRREVERSIBLE_TYPES:
        raise TransferNotReversible(f"a {type_} is not reversed", type=type_.value)
