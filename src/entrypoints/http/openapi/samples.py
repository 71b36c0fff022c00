"""The people and the money of the examples: Alice and Bob, wallets in USD, amounts in cents."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.domain.accounts import AccountStatus, Purpose
from core.domain.holds import Hold, HoldStatus
from core.domain.identifiers import (
    AccountId,
    HoldId,
    TenantId,
    TransferId,
    WalletId,
    main_account_id,
    reserve_account_id,
    system_account_id,
)
from core.domain.transfers import CREDIT, DEBIT, Entry, Transfer, TransferType
from core.domain.wallets import Wallet, WalletBalance

TENANT = TenantId(UUID("01936d2e-0000-7000-8000-000000000001"))
ALICE = WalletId(UUID("01936d2e-7b1a-7cc3-9a54-5d3a3ad0a001"))
BOB = WalletId(UUID("01936d2e-7b1a-7cc3-9a54-5d3a3ad0b002"))
TRANSFER = TransferId(UUID("01936d2e-8c2b-7dd4-8b65-6e4b4be1b002"))
REVERSED = TransferId(UUID("01936d2e-8c2b-7dd4-8b65-6e4b4be1b001"))
HOLD = HoldId(UUID("01936d2e-9d3c-7ee5-9c76-7f5c5cf2c003"))
MOMENT = datetime(2026, 11, 20, 9, 30, 15, 482913, tzinfo=UTC)
USD = "USD"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_BEFORE = 10_000
_SEQUENCE = 7

Side = tuple[AccountId, WalletId | None, Purpose]


def alice() -> Side:
    """Her main account."""
    return main_account_id(ALICE), ALICE, Purpose.MAIN


def bob() -> Side:
    """His main account."""
    return main_account_id(BOB), BOB, Purpose.MAIN


def reserve() -> Side:
    """What Alice's holds keep."""
    return reserve_account_id(ALICE), ALICE, Purpose.RESERVE


def own(purpose: Purpose) -> Side:
    """An account of the tenant's own."""
    return system_account_id(TENANT, purpose, USD), None, purpose


def transfer(
    type_: TransferType,
    amount: int,
    source: Side,
    destination: Side,
    *,
    reference: str | None = None,
    description: str | None = None,
    metadata: str | None = None,
    reversal_of: TransferId | None = None,
    hold_id: HoldId | None = None,
) -> Transfer:
    """A posted transfer of one leg."""
    return Transfer(
        tenant_id=TENANT,
        id=TRANSFER,
        type=type_,
        posted_at=MOMENT,
        trace_id=TRACE_ID,
        reference=reference,
        description=description,
        metadata=metadata,
        reversal_of=reversal_of,
        hold_id=hold_id,
        entries=[_entry(0, source, DEBIT, amount), _entry(1, destination, CREDIT, amount)],
    )


def hold(*, captured: int = 0, released: int = 0, status: HoldStatus = HoldStatus.PENDING) -> Hold:
    """A hold of 25 dollars for a day."""
    return Hold(
        tenant_id=TENANT,
        id=HOLD,
        wallet_id=ALICE,
        asset=USD,
        amount=2500,
        captured=captured,
        released=released,
        status=status,
        expires_at=MOMENT + timedelta(days=1),
        placed_at=MOMENT,
        reference="booking-77",
        description=None,
        metadata=None,
    )


def wallet(*, available: int = 10_000, reserved: int = 0, status: AccountStatus = AccountStatus.ACTIVE) -> Wallet:
    """Alice's wallet."""
    return Wallet(
        tenant_id=TENANT,
        id=ALICE,
        user_id="user_alice",
        asset=USD,
        status=status,
        balance=WalletBalance(available=available, reserved=reserved),
        metadata='{"tier":"gold"}',
        created_at=MOMENT,
    )


def _entry(leg: int, side: Side, direction: int, amount: int) -> Entry:
    account_id, wallet_id, purpose = side
    return Entry(
        leg=leg,
        account_id=account_id,
        wallet_id=wallet_id,
        purpose=purpose,
        asset=USD,
        sequence=_SEQUENCE,
        direction=direction,
        amount=amount,
        balance_after=_BEFORE + direction * amount,
        chain=bytes(32),
    )
