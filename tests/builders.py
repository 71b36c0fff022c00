"""Values for tests: valid as they come, so that a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from polyfactory import PostGenerated, Use
from polyfactory.factories import DataclassFactory

from core.application.holds.hold_step import step_instruction
from core.domain.access import ApiKey, Environment, Role
from core.domain.accounts import WALLET_FLOOR, WALLET_PURPOSES, Account, AccountStatus, Purpose
from core.domain.assets import Asset, AssetKind
from core.domain.book import Book
from core.domain.chain import GENESIS, entry_hash, transfer_digest
from core.domain.errors import CoreError
from core.domain.holds import CaptureHold, ExpireHold, Hold, HoldChange, HoldStatus, PlaceHold, ReleaseHold
from core.domain.identifiers import (
    AccountId,
    ApiKeyId,
    HoldId,
    TenantId,
    TransferId,
    WalletId,
    main_account_id,
    reserve_account_id,
    system_account_id,
)
from core.domain.instructions import Instruction, Outcome, Posted, Refused
from core.domain.transfers import CREDIT, Entry, Leg, Transfer, TransferDraft, TransferType, mirror_legs
from core.domain.wallets import Wallet, WalletBalance, capture_destination, counterpart_leg, hold_leg

TENANT = TenantId(UUID("01980000-0000-7000-8000-00000000007e"))
OTHER_TENANT = TenantId(UUID("01980000-0000-7000-8000-00000000017e"))
ALICE = WalletId(UUID("01980000-0000-7000-8000-00000000a11c"))
BOB = WalletId(UUID("01980000-0000-7000-8000-000000000b0b"))
CAROL = WalletId(UUID("01980000-0000-7000-8000-00000000ca01"))
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"

_FIRST_FRESH_ID = 0x01990000_0000_7000_8000_000000000000
_serial_numbers = count(1)


def fresh_id() -> UUID:
    """An id like no other of this run; ascending, in the shape of a UUIDv7."""
    return UUID(int=_FIRST_FRESH_ID + next(_serial_numbers))


class FreshIds:
    """Implements `ports.id_generator.IdGenerator` without a clock and without chance."""

    def new(self) -> UUID:
        """An id like no other of this run."""
        return fresh_id()


# ── Single values ────────────────────────────────────────────────────────────────────────────────────────────────────


def _wallet_of_account(_field: str, values: dict[str, Any]) -> WalletId | None:
    return WalletId(values["id"]) if values["purpose"] in WALLET_PURPOSES else None


def _floor_of_account(_field: str, values: dict[str, Any]) -> int | None:
    return WALLET_FLOOR if values["purpose"] in WALLET_PURPOSES else None


def _accounts_of_drafts(_field: str, values: dict[str, Any]) -> frozenset[AccountId]:
    return frozenset(side for draft in values["drafts"] for leg in draft.legs for side in (leg.debit, leg.credit))


class AssetFactory(DataclassFactory[Asset]):
    """US dollars."""

    __check_model__ = True
    code = "USD"
    name = "US Dollar"
    exponent = 2
    kind = AssetKind.CURRENCY


class AccountFactory(DataclassFactory[Account]):
    """An active, empty main account in USD; floor and wallet follow from the purpose."""

    __check_model__ = True
    tenant_id = TENANT
    id = Use(fresh_id)
    asset = "USD"
    purpose = Purpose.MAIN
    wallet_id = PostGenerated(_wallet_of_account)
    floor = PostGenerated(_floor_of_account)
    status = AccountStatus.ACTIVE
    debt_allowed = False
    balance = 0
    sequence = 0
    chain = GENESIS
    last_posted_at = EPOCH


class HoldFactory(DataclassFactory[Hold]):
    """A pending hold of 1,000 on Alice's wallet, placed at noon for a week."""

    __check_model__ = True
    tenant_id = TENANT
    id = Use(fresh_id)
    wallet_id = ALICE
    asset = "USD"
    amount = 1000
    captured = 0
    released = 0
    status = HoldStatus.PENDING
    placed_at = NOON
    expires_at = NOON + WEEK
    reference = None
    description = None
    metadata = None


class LegFactory(DataclassFactory[Leg]):
    """100 from Alice to Bob."""

    __check_model__ = True
    debit = main_account_id(ALICE)
    credit = main_account_id(BOB)
    amount = 100


class TransferDraftFactory(DataclassFactory[TransferDraft]):
    """A transfer of 100 from Alice to Bob that says nothing of itself."""

    __check_model__ = True
    id = Use(fresh_id)
    type = TransferType.TRANSFER
    legs = Use(lambda: (LegFactory.build(),))
    trace_id = TRACE_ID
    reference = None
    description = None
    metadata = None
    reversal_of = None
    hold_id = None
    begun = True


class InstructionFactory(DataclassFactory[Instruction]):
    """One draft, without a hold; its accounts are those of its legs."""

    __check_model__ = True
    tenant_id = TENANT
    drafts = Use(lambda: (TransferDraftFactory.build(),))
    hold = None
    accounts = PostGenerated(_accounts_of_drafts)


class EntryFactory(DataclassFactory[Entry]):
    """Alice's first entry: a credit of 100."""

    __check_model__ = True
    leg = 1
    account_id = main_account_id(ALICE)
    wallet_id = ALICE
    purpose = Purpose.MAIN
    asset = "USD"
    sequence = 1
    direction = CREDIT
    amount = 100
    balance_after = 100
    chain = GENESIS


class TransferFactory(DataclassFactory[Transfer]):
    """A transfer posted at noon, without its entries."""

    __check_model__ = True
    tenant_id = TENANT
    id = Use(fresh_id)
    type = TransferType.TRANSFER
    posted_at = NOON
    trace_id = TRACE_ID
    reference = None
    description = None
    metadata = None
    reversal_of = None
    hold_id = None
    entries: list[Entry] = Use(list)  # type: ignore[assignment]  # polyfactory's way


class WalletFactory(DataclassFactory[Wallet]):
    """Alice's wallet in USD, active and empty."""

    __check_model__ = True
    tenant_id = TENANT
    id = ALICE
    user_id = "alice"
    asset = "USD"
    status = AccountStatus.ACTIVE
    balance = WalletBalance(available=0, reserved=0)
    metadata = None
    created_at = NOON


class ApiKeyFactory(DataclassFactory[ApiKey]):
    """A live application's key, made at noon for a week."""

    __check_model__ = True
    tenant_id = TENANT
    id = ApiKeyId("k3yk3yk3yk3y")
    name = "shop"
    role = Role.APPLICATION
    environment = Environment.LIVE
    secret_hash = bytes(32)
    last_four = "cret"
    created_at = NOON
    expires_at = NOON + WEEK
    revoked_at = None


# ── Accounts of one wallet, and of the tenant ────────────────────────────────────────────────────────────────────────


def main_account(wallet_id: WalletId, *, balance: int = 0, **changes: Any) -> Account:
    """The wallet's available money."""
    return AccountFactory.build(id=main_account_id(wallet_id), balance=balance, **changes)


def reserve_account(wallet_id: WalletId, *, balance: int = 0, **changes: Any) -> Account:
    """The wallet's held money."""
    return AccountFactory.build(
        id=reserve_account_id(wallet_id), purpose=Purpose.RESERVE, wallet_id=wallet_id, balance=balance, **changes
    )


def system_account(purpose: Purpose, *, asset: str = "USD", **changes: Any) -> Account:
    """An account of the tenant's own."""
    tenant_id = changes.get("tenant_id", TENANT)
    return AccountFactory.build(
        id=system_account_id(tenant_id, purpose, asset), purpose=purpose, asset=asset, **changes
    )


def open_book(*accounts: Account, **contents: Any) -> Book:
    """A book at noon with these accounts."""
    return Book(accounts, **{"posted_at": NOON, **contents})


# ── What somebody asks for ───────────────────────────────────────────────────────────────────────────────────────────
# Made without the factories: these are built by the thousand where a law is checked.


def draft(type_: TransferType, *legs: Leg, **said: Any) -> TransferDraft:
    """A draft with an id and a trace."""
    return TransferDraft(**{"id": TransferId(fresh_id()), "type": type_, "legs": legs, "trace_id": TRACE_ID, **said})


def draft_between(*legs: tuple[UUID, UUID, int], **said: Any) -> TransferDraft:
    """A transfer of (from, to, amount), leg after leg."""
    moves = (Leg(AccountId(source), AccountId(destination), amount) for source, destination, amount in legs)
    return draft(TransferType.TRANSFER, *moves, **said)


def atomic_batch(*drafts: TransferDraft, hold: HoldChange | None = None) -> Instruction:
    """All of the drafts, or none."""
    touched = frozenset(side for each in drafts for leg in each.legs for side in (leg.debit, leg.credit))
    return Instruction(TENANT, drafts, hold=hold, accounts=touched)


def transfer(*legs: tuple[UUID, UUID, int], **said: Any) -> Instruction:
    """One transfer between wallets."""
    return atomic_batch(draft_between(*legs, **said))


def movement(type_: TransferType, wallet_id: WalletId, amount: int, *, asset: str = "USD", **said: Any) -> Instruction:
    """A top-up, bonus, spend, credit or debit."""
    leg = counterpart_leg(type_, tenant_id=TENANT, wallet_id=wallet_id, asset=asset, amount=amount)
    return atomic_batch(draft(type_, leg, **said))


def reversal_draft(original: Transfer, **said: Any) -> TransferDraft:
    """The mirror image of a posted transfer."""
    return draft(TransferType.REVERSAL, *mirror_legs(original.entries), reversal_of=original.id, **said)


def reversal(original: Transfer, **said: Any) -> Instruction:
    """The mirror image of a posted transfer, on its own."""
    return atomic_batch(reversal_draft(original, **said))


def placement(wallet_id: WalletId, amount: int, *, lifetime: timedelta = WEEK, **said: Any) -> Instruction:
    """A hold to place."""
    hold_id = TransferId(fresh_id())
    leg = hold_leg(wallet_id=wallet_id, amount=amount)
    asked = draft(TransferType.HOLD, leg, id=hold_id, hold_id=HoldId(hold_id), **said)
    return atomic_batch(asked, hold=PlaceHold(wallet_id, lifetime))


def capture(
    hold: Hold, amount: int | None = None, *, final: bool = False, to_wallet_id: WalletId | None = None
) -> Instruction:
    """Held money to take: to the wallet, or to the tenant's revenue."""
    destination = capture_destination(tenant_id=hold.tenant_id, asset=hold.asset, to_wallet_id=to_wallet_id)
    return step_instruction(FreshIds(), hold, CaptureHold(hold.id, destination, amount, final), trace_id=TRACE_ID)


def release(hold: Hold) -> Instruction:
    """Held money to give back."""
    return step_instruction(FreshIds(), hold, ReleaseHold(hold.id), trace_id=TRACE_ID)


def expiry(hold: Hold) -> Instruction:
    """Held money to give back because the time has run out."""
    return step_instruction(FreshIds(), hold, ExpireHold(hold.id), trace_id=TRACE_ID)


# ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────────────


def posted(outcome: Outcome) -> Posted:
    """The outcome of what happened."""
    assert isinstance(outcome, Posted), outcome
    return outcome


def posted_hold(outcome: Outcome) -> Hold:
    """The hold as it is after what happened."""
    hold = posted(outcome).hold
    assert hold is not None
    return hold


def refused(outcome: Outcome) -> CoreError:
    """Why it did not happen."""
    assert isinstance(outcome, Refused), outcome
    return outcome.error


def verdict(outcome: Outcome) -> str:
    """``posted``, or the code of the refusal."""
    return "posted" if isinstance(outcome, Posted) else outcome.error.code


def linked(previous: bytes, made: Transfer, entry: Entry) -> bytes:
    """The hash an entry must have."""
    digest = transfer_digest(
        tenant_id=made.tenant_id,
        transfer_id=made.id,
        type=made.type.value,
        posted_at=made.posted_at,
        entry_count=len(made.entries),
        trace_id=made.trace_id,
        reference=made.reference,
        description=made.description,
        metadata=made.metadata,
        reversal_of=made.reversal_of,
        hold_id=made.hold_id,
    )
    return entry_hash(
        previous=previous,
        tenant_id=made.tenant_id,
        account_id=entry.account_id,
        asset=entry.asset,
        transfer=digest,
        sequence=entry.sequence,
        direction=entry.direction,
        leg=entry.leg,
        amount=entry.amount,
        balance_after=entry.balance_after,
    )
