"""
The ledger on PostgreSQL: decide a batch under lock and write it in sets.

Works on an asyncpg connection inside an open READ COMMITTED transaction. Global lock order: holds by id, accounts
by id, idempotency keys, guard rows, outbox (docs/decisions/0004).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap
from typing import TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from adapters.postgres import ledger_statements as sql
from core.domain.accounts import Account, AccountStatus, Purpose
from core.domain.book import Book
from core.domain.errors import NotFound
from core.domain.events import event_type
from core.domain.holds import Hold, HoldStatus, PlaceHold
from core.domain.idempotency import Answer, IdempotencyClaim, IdempotencyKeyReused
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from core.domain.instructions import Instruction, Posted, PostingRequest, Refused
from core.domain.transfers import Transfer
from ports.id_generator import IdGenerator

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_STATUSES = {status.value: status for status in AccountStatus}
_encode = msgspec.json.Encoder().encode
Value = TypeVar("Value")
_Scope = tuple[TenantId, str, int]


class BatchRaced(Exception):
    """Somebody else took a key or a reference in between: run the batch again and see it."""


@dataclass(slots=True)
class _Batch:
    """What one pass over the requests decided, ready to be written."""

    answers: list[Answer] = field(default_factory=list[Answer])
    posted: list[Posted] = field(default_factory=list[Posted])
    placed: list[tuple[Hold, str]] = field(default_factory=list[tuple[Hold, str]])
    stepped: dict[tuple[TenantId, HoldId], Hold] = field(default_factory=dict[tuple[TenantId, HoldId], Hold])
    keys: list[tuple[IdempotencyClaim, Answer, str]] = field(default_factory=list[tuple[IdempotencyClaim, Answer, str]])


@dataclass(slots=True)
class _Standing:
    """What was there before the batch, the accounts under lock."""

    accounts: list[Account] = field(default_factory=list[Account])
    known: dict[_Scope, tuple[bytes, Answer]] = field(default_factory=dict[_Scope, tuple[bytes, Answer]])
    references: dict[tuple[TenantId, str], TransferId] = field(default_factory=dict[tuple[TenantId, str], TransferId])
    reversals: dict[tuple[TenantId, TransferId], TransferId] = field(
        default_factory=dict[tuple[TenantId, TransferId], TransferId]
    )
    posted_at: datetime | None = None

    def add_account(self, row: asyncpg.Record) -> None:
        """One more account; the batch's moment is after its lock and not before its last entry."""
        account = _account_from_row(row)
        self.accounts.append(account)
        latest = max(row[12], account.last_posted_at)
        if self.posted_at is None or latest > self.posted_at:
            self.posted_at = latest


class Ledger:
    """Posts batches; holds no state of its own between them."""

    def __init__(self, ids: IdGenerator) -> None:
        """Take the ids of outbox rows from *ids*."""
        self._ids = ids

    async def post(
        self,
        connection: Connection,
        requests: Sequence[PostingRequest],
        *,
        before_writing: Callable[[], None] | None = None,
    ) -> list[Answer]:
        """
        Decide and write the requests, in order; their answers hold once the caller's transaction commits.

        *before_writing* is called when all is decided: what it sets going runs while PostgreSQL writes.

        Raises:
            BatchRaced: When another transaction took a key or a reference meanwhile; nothing may be committed.
            asyncpg.PostgresError: As the database says; nothing may be committed.
        """
        holds = await self._lock_holds(connection, requests)
        standing = await self._lock_accounts(connection, requests)
        book = Book(
            standing.accounts,
            holds=holds,
            references=standing.references,
            reversals=standing.reversals,
            posted_at=standing.posted_at or await connection.fetchval(sql.READ_CLOCK),
        )
        batch = _decide(requests, standing.known, book)
        if before_writing is not None:
            before_writing()
        if batch.keys:
            await self._write(connection, batch, standing.accounts, book.posted_at)
        return batch.answers

    async def _lock_holds(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Hold]:
        wanted = {
            (request.instruction.tenant_id, request.instruction.hold_id)
            for request in requests
            if request.instruction.hold_id is not None
        }
        if not wanted:
            return []
        return [hold_from_row(row) for row in await connection.fetch(sql.LOCK_HOLDS, *_columns(wanted, 2))]

    async def _lock_accounts(self, connection: Connection, requests: Sequence[PostingRequest]) -> _Standing:
        """The accounts under lock, what was taken before, and the batch's moment."""
        guards = [guard for request in requests for guard in _guards(request.instruction)]
        accounts = accounts_of(request.instruction for request in requests)
        claims = [request.claim for request in requests]
        rows = await connection.fetch(
            sql.LOCK_ACCOUNTS_AND_FIND_KEYS,
            *_columns(accounts, 2),
            [claim.tenant_id for claim in claims],
            [claim.key for claim in claims],
            _numbers([claim.item for claim in claims]),
            *_columns(guards, 3),
        )
        standing = _Standing()
        for row in rows:
            kind = row[13]
            if kind is None:
                standing.add_account(row)
            elif kind == "idempotency":
                standing.known[row[0], row[14], row[15]] = (row[16], Answer(row[17], row[18]))
            elif kind == "reference":
                standing.references[row[0], row[14]] = row[1]
            else:
                standing.reversals[row[0], TransferId(UUID(row[14]))] = row[1]
        return standing

    async def _write(
        self, connection: Connection, batch: _Batch, accounts: Sequence[Account], posted_at: datetime
    ) -> None:
        transfers = [transfer for outcome in batch.posted for transfer in outcome.transfers]
        try:
            claimed = await connection.fetchval(
                sql.WRITE_BATCH,
                posted_at,
                *_key_columns(batch.keys),
                *_transfer_columns(transfers),
                *_entry_columns(transfers, accounts),
                [self._ids.new() for _ in transfers],
                [event_type(transfer) for transfer in transfers],
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "transfer_keys_pkey":
                raise BatchRaced from error
            raise
        if claimed != len(batch.keys):
            raise BatchRaced
        if batch.placed:
            await connection.execute(sql.INSERT_HOLDS, *_columns(starmap(_hold_row, batch.placed), 14))
        if batch.stepped:
            await connection.execute(sql.UPDATE_HOLDS, *_columns(map(_step_row, batch.stepped.values()), 5))


def accounts_of(instructions: Iterable[Instruction]) -> set[tuple[TenantId, AccountId]]:
    """Every account the instructions may touch."""
    return {(instruction.tenant_id, account_id) for instruction in instructions for account_id in instruction.accounts}


def hold_from_row(row: asyncpg.Record) -> Hold:
    """A hold from the columns of the `holds` table, in their order."""
    return Hold(
        tenant_id=TenantId(row[0]),
        id=HoldId(row[1]),
        wallet_id=WalletId(row[2]),
        asset=row[3],
        amount=row[4],
        captured=row[5],
        released=row[6],
        status=HoldStatus(row[7]),
        expires_at=row[8],
        placed_at=row[9],
        reference=row[10],
        description=row[11],
        metadata=row[12],
    )


def _decide(requests: Sequence[PostingRequest], decided: dict[_Scope, tuple[bytes, Answer]], book: Book) -> _Batch:
    """
    Judge each request after the ones before it.

    A key seen before, in the database or earlier in this batch, replays for the same fingerprint and is refused for
    another one. What is not found is answered, not stored: its key stays free.
    """
    batch = _Batch()
    for request in requests:
        claim = request.claim
        earlier = decided.get(claim.scope)
        if earlier is not None:
            batch.answers.append(_repeat(request, *earlier))
            continue
        outcome = book.decide(request.instruction)
        answer = request.render(outcome)
        batch.answers.append(answer)
        if isinstance(outcome, Posted):
            batch.posted.append(outcome)
            if outcome.hold is not None:
                if isinstance(request.instruction.hold, PlaceHold):
                    batch.placed.append((outcome.hold, outcome.transfers[0].trace_id))
                else:
                    batch.stepped[outcome.hold.tenant_id, outcome.hold.id] = outcome.hold
        elif isinstance(outcome.error, NotFound):
            continue
        decided[claim.scope] = (claim.fingerprint, answer)
        batch.keys.append((claim, answer, request.instruction.drafts[0].trace_id))
    return batch


def _repeat(request: PostingRequest, fingerprint: bytes, answer: Answer) -> Answer:
    if fingerprint != request.claim.fingerprint:
        return request.render(Refused(IdempotencyKeyReused("this key came before with another request")))
    return Answer(answer.status, answer.body, replayed=True)


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into one list a column, as unnest takes them."""
    columns = list(map(list, zip(*rows, strict=True)))
    return columns or [[] for _ in range(width)]


def _account_from_row(row: asyncpg.Record) -> Account:
    return Account(
        tenant_id=TenantId(row[0]),
        id=AccountId(row[1]),
        asset=row[2],
        purpose=_PURPOSES[row[3]],
        wallet_id=None if row[4] is None else WalletId(row[4]),
        floor=row[5],
        status=_STATUSES[row[6]],
        debt_allowed=row[7],
        balance=row[8],
        sequence=row[9],
        chain=row[10],
        last_posted_at=row[11],
    )


def _guards(instruction: Instruction) -> Iterable[tuple[TenantId, str, str]]:
    """The references and reversals the instruction would take."""
    for draft in instruction.drafts:
        if draft.reference is not None:
            yield instruction.tenant_id, "reference", draft.reference
        if draft.reversal_of is not None:
            yield instruction.tenant_id, "reversal", str(draft.reversal_of)


# Column by column, because that is how unnest takes them, and because building rows first costs as much again.


def _numbers(values: list[int]) -> str:
    """Numbers the way PostgreSQL writes an array, which costs a fraction of what asyncpg takes for a list of them."""
    return f"{{{_encode(values)[1:-1].decode()}}}"


def _sparse(values: list[Value | None]) -> list[Value | None]:
    """Nothing, when there is no value among them: unnest fills up with NULL."""
    return [] if values.count(None) == len(values) else values


def _key_columns(keys: list[tuple[IdempotencyClaim, Answer, str]]) -> tuple[object, ...]:
    """In the order of their scopes: whoever meets on several keys takes them in the same order."""
    keys.sort(key=lambda key: key[0].scope)
    claims = [claim for claim, _answer, _trace_id in keys]
    answers = [answer for _claim, answer, _trace_id in keys]
    return (
        [claim.tenant_id for claim in claims],
        [claim.key for claim in claims],
        _numbers([claim.item for claim in claims]),
        [claim.fingerprint for claim in claims],
        _numbers([answer.status for answer in answers]),
        [answer.body for answer in answers],
        [trace_id for _claim, _answer, trace_id in keys],
    )


def _transfer_columns(transfers: list[Transfer]) -> tuple[object, ...]:
    return (
        [transfer.tenant_id for transfer in transfers],
        [transfer.id for transfer in transfers],
        [transfer.type.value for transfer in transfers],
        _numbers([len(transfer.entries) for transfer in transfers]),
        [transfer.trace_id for transfer in transfers],
        _sparse([transfer.reference for transfer in transfers]),
        _sparse([transfer.description for transfer in transfers]),
        _sparse([transfer.metadata for transfer in transfers]),
        _sparse([transfer.reversal_of for transfer in transfers]),
        _sparse([transfer.hold_id for transfer in transfers]),
    )


def _entry_columns(transfers: list[Transfer], accounts: Sequence[Account]) -> tuple[object, ...]:
    """The accounts, the assets, and entries with the places (from 1) of their transfer, account and asset."""
    places = {(account.tenant_id, account.id): place for place, account in enumerate(accounts, 1)}
    assets = {asset: place for place, asset in enumerate(sorted({account.asset for account in accounts}), 1)}
    entries = [entry for transfer in transfers for entry in transfer.entries]
    return (
        [account.id for account in accounts],
        list(assets),
        _numbers([place for place, transfer in enumerate(transfers, 1) for _entry in transfer.entries]),
        _numbers(
            [places[transfer.tenant_id, entry.account_id] for transfer in transfers for entry in transfer.entries]
        ),
        _numbers([assets[entry.asset] for entry in entries]),
        _numbers([entry.sequence for entry in entries]),
        _numbers([entry.leg for entry in entries]),
        _numbers([entry.amount for entry in entries]),
        _numbers([entry.balance_after for entry in entries]),
        [entry.chain for entry in entries],
    )


def _step_row(hold: Hold) -> tuple[object, ...]:
    return hold.tenant_id, hold.id, hold.captured, hold.released, hold.status.value


def _hold_row(hold: Hold, trace_id: str) -> tuple[object, ...]:
    return (
        hold.tenant_id,
        hold.id,
        hold.wallet_id,
        hold.asset,
        hold.amount,
        hold.captured,
        hold.released,
        hold.status.value,
        hold.expires_at,
        hold.placed_at,
        hold.reference,
        hold.description,
        hold.metadata,
        trace_id,
    )
