"""
The seed as SQL, for those who would rather load a file: `bursar seed --sql`.

The same tenant, assets, users and opening balances, decided by the same Book at a fixed moment, so that the file is
the same every time. Keys are not in it: they are secrets. `bursar seed` adds them.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from core.domain.accounts import WALLET_FLOOR, Account, AccountStatus, Purpose
from core.domain.assets import iso_currencies
from core.domain.book import Book
from core.domain.chain import GENESIS
from core.domain.events import event_type
from core.domain.identifiers import AccountId, TransferId, WalletId, main_account_id, system_account_id
from core.domain.instructions import Instruction, Posted
from core.domain.transfers import Transfer, TransferDraft, TransferType
from core.domain.wallets import counterpart_leg
from entrypoints.development.seed_plan import GAME_ASSETS, OPENING_BALANCES, TENANT_ID, TENANT_NAME, OpeningBalance

POSTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST_ID = TENANT_ID.int
_WALLETS, _TRANSFERS, _EVENTS = 0x1000, 0x2000, 0x3000


def seed_sql() -> str:
    """
    The whole file: run it as the application's role on a migrated, empty database.

    Raises:
        RuntimeError: If the Book refuses an opening balance, which would be a mistake in the plan.
    """
    return "\n".join((*_statements(), ""))


def _statements() -> Iterator[str]:
    tenant = _literal(TENANT_ID)
    yield "-- What `bursar seed` makes, but for the API keys, which are secrets. Written by `bursar seed --sql`."
    yield '-- Run it as the application\'s role on a migrated, empty database:  psql "$DATABASE_URL" -f seed.sql'
    yield "BEGIN;"
    yield f"SELECT make_journal_partitions('{POSTED_AT:%Y-%m-%d}');"
    yield f"INSERT INTO tenants (tenant_id, name) VALUES ({tenant}, {_literal(TENANT_NAME)});"
    assets = [(TENANT_ID, a.code, a.name, a.exponent, a.kind.value) for a in (*iso_currencies(), *GAME_ASSETS)]
    yield _insert("assets", ("tenant_id", "code", "name", "exponent", "kind"), assets)
    accounts = _accounts()
    columns = ("tenant_id", "id", "asset", "purpose", "wallet_id", "floor")
    rows = [(a.tenant_id, a.id, a.asset, a.purpose.value, a.wallet_id, a.floor) for a in accounts]
    yield _insert("accounts", columns, rows)
    wallets = [(TENANT_ID, _wallet_id(place), o.user_id, o.asset) for place, o in enumerate(OPENING_BALANCES)]
    yield _insert("wallets", ("tenant_id", "id", "user_id", "asset"), wallets)
    yield from _journal(_posted(accounts))
    yield "COMMIT;"


def _journal(transfers: list[Transfer]) -> Iterator[str]:
    columns = ("tenant_id", "id", "posted_at", "type", "entry_count", "trace_id", "reference", "description")
    rows = [
        (t.tenant_id, t.id, t.posted_at, t.type.value, len(t.entries), t.trace_id, t.reference, t.description)
        for t in transfers
    ]
    yield _insert("transfers", columns, rows)
    entry_columns = (
        "tenant_id", "account_id", "posted_at", "sequence", "transfer_id", "leg", "direction", "asset", "amount",
        "balance_after", "chain",
    )  # fmt: skip
    entries = [
        (
            t.tenant_id, e.account_id, t.posted_at, e.sequence, t.id, e.leg, e.direction, e.asset, e.amount,
            e.balance_after, e.chain,
        )
        for t in transfers
        for e in t.entries
    ]  # fmt: skip
    yield _insert("entries", entry_columns, entries)
    event_columns = ("tenant_id", "id", "ordinal", "type", "subject", "trace_id", "occurred_at")
    events = [
        (t.tenant_id, _numbered(_EVENTS, place), place + 1, event_type(t), t.id, t.trace_id, t.posted_at)
        for place, t in enumerate(transfers)
    ]
    yield _insert("outbox", event_columns, events)


def _accounts() -> list[Account]:
    treasuries = [
        _account(system_account_id(TENANT_ID, Purpose.TREASURY, asset), asset, Purpose.TREASURY, None)
        for asset in dict.fromkeys(opening.asset for opening in OPENING_BALANCES)
    ]
    mains = [
        _account(main_account_id(_wallet_id(place)), opening.asset, Purpose.MAIN, _wallet_id(place))
        for place, opening in enumerate(OPENING_BALANCES)
    ]
    return treasuries + mains


def _account(account_id: AccountId, asset: str, purpose: Purpose, wallet_id: WalletId | None) -> Account:
    return Account(
        tenant_id=TENANT_ID,
        id=account_id,
        asset=asset,
        purpose=purpose,
        wallet_id=wallet_id,
        floor=None if wallet_id is None else WALLET_FLOOR,
        status=AccountStatus.ACTIVE,
        debt_allowed=False,
        balance=0,
        sequence=0,
        chain=GENESIS,
        last_posted_at=POSTED_AT,
    )


def _posted(accounts: Iterable[Account]) -> list[Transfer]:
    book = Book(accounts, posted_at=POSTED_AT)
    transfers: list[Transfer] = []
    for place, opening in enumerate(OPENING_BALANCES):
        outcome = book.decide(_instruction(place, opening))
        if not isinstance(outcome, Posted):
            raise RuntimeError(f"{opening.reference}: {outcome.error.detail}")
        transfers.extend(outcome.transfers)
    return transfers


def _instruction(place: int, opening: OpeningBalance) -> Instruction:
    leg = counterpart_leg(
        TransferType.CREDIT,
        tenant_id=TENANT_ID,
        wallet_id=_wallet_id(place),
        asset=opening.asset,
        amount=opening.amount,
    )
    draft = TransferDraft(
        id=TransferId(_numbered(_TRANSFERS, place)),
        type=TransferType.CREDIT,
        legs=(leg,),
        trace_id=_numbered(_TRANSFERS, place).hex,
        reference=opening.reference,
        description=opening.description,
    )
    return Instruction(TENANT_ID, (draft,), accounts=frozenset((leg.debit, leg.credit)))


def _wallet_id(place: int) -> WalletId:
    return WalletId(_numbered(_WALLETS, place))


def _numbered(kind: int, place: int) -> UUID:
    return UUID(int=_FIRST_ID + kind + place)


def _insert(table: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    values = ",\n".join("    (" + ", ".join(map(_literal, row)) + ")" for row in rows)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES\n{values};"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"
