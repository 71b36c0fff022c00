"""
The ledger on PostgreSQL: decide a batch under lock and write it in sets.

Works on an asyncpg connection inside an open READ COMMITTED transaction. Global lock order: holds by id, accounts
by id, idempotency keys, guard rows, outbox (docs/decisions/0004).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from adapters.postgres import ledger_statements as sql
from core.domain.accounts import Account, AccountStatus, Purpose
from core.domain.book import Book, Instruction, Posted, PostingRequest, Refused
from core.domain.errors import NotFound
from core.domain.events import event_type
from core.domain.holds import Hold, HoldStatus, PlaceHold
from core.domain.idempotency import Answer, IdempotencyClaim, IdempotencyKeyReused
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from ports.id_generator import IdGenerator

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_STATUSES = {status.value: status for status in AccountStatus}
_Scope = tuple[TenantId, str, int]


class BatchRaced(Exception):
    """Somebody else took a key or a reference in between: run the batch again and see it."""


@dataclass(slots=True)
class _Batch:
    """What one pass over the requests decided, ready to be written."""

    answers: list[Answer] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    placed: list[Hold] = field(default_factory=list)
    stepped: dict[tuple[TenantId, HoldId], Hold] = field(default_factory=dict)
    keys: list[tuple[IdempotencyClaim, Answer, str]] = field(default_factory=list)


class Ledger:
    """Posts batches; holds no state of its own between them."""

    def __init__(self, ids: IdGenerator) -> None:
        """Take the ids of outbox rows from *ids*."""
        self._ids = ids

    async def post(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Answer]:
        """
        Decide and write the requests, in order; their answers hold once the caller's transaction commits.

        Raises:
            BatchRaced: When another transaction took a key or a reference meanwhile; nothing may be committed.
            asyncpg.PostgresError: As the database says; nothing may be committed.
        """
        known = await self._find_keys(connection, requests)
        fresh = [request.instruction for request in requests if request.claim.scope not in known]
        if not fresh:
            return _decide(requests, known, book=None).answers
        references, reversals = await self._find_transfer_keys(connection, fresh)
        holds = await self._lock_holds(connection, fresh)
        accounts, posted_at = await self._lock_accounts(connection, fresh)
        book = Book(accounts, holds=holds, references=references, reversals=reversals, posted_at=posted_at)
        batch = _decide(requests, known, book)
        await self._write(connection, batch, posted_at)
        return batch.answers

    async def _find_keys(
        self, connection: Connection, requests: Sequence[PostingRequest]
    ) -> dict[_Scope, tuple[bytes, Answer]]:
        tenants, keys, items = _columns((request.claim.scope for request in requests), 3)
        rows = await connection.fetch(sql.FIND_KEYS, tenants, keys, items)
        return {
            (TenantId(tenant_id), key, item): (fingerprint, Answer(status, body))
            for tenant_id, key, item, fingerprint, status, body in rows
        }

    async def _find_transfer_keys(
        self, connection: Connection, instructions: Sequence[Instruction]
    ) -> tuple[dict[tuple[TenantId, str], TransferId], dict[tuple[TenantId, TransferId], TransferId]]:
        wanted = [
            (instruction.tenant_id, kind, value)
            for instruction in instructions
            for draft in instruction.drafts
            for kind, value in (
                ("reference", draft.reference),
                ("reversal", draft.reversal_of and str(draft.reversal_of)),
            )
            if value is not None
        ]
        references: dict[tuple[TenantId, str], TransferId] = {}
        reversals: dict[tuple[TenantId, TransferId], TransferId] = {}
        if wanted:
            for tenant_id, kind, value, transfer_id in await connection.fetch(
                sql.FIND_TRANSFER_KEYS, *_columns(wanted, 3)
            ):
                if kind == "reference":
                    references[tenant_id, value] = transfer_id
                else:
                    reversals[tenant_id, TransferId(UUID(value))] = transfer_id
        return references, reversals

    async def _lock_holds(self, connection: Connection, instructions: Sequence[Instruction]) -> list[Hold]:
        wanted = {
            (instruction.tenant_id, instruction.hold_id)
            for instruction in instructions
            if instruction.hold_id is not None
        }
        if not wanted:
            return []
        return [hold_from_row(row) for row in await connection.fetch(sql.LOCK_HOLDS, *_columns(wanted, 2))]

    async def _lock_accounts(
        self, connection: Connection, instructions: Sequence[Instruction]
    ) -> tuple[list[Account], datetime]:
        """The accounts, and the batch's moment: after the locks, and not before any account's last entry."""
        rows = await connection.fetch(sql.LOCK_ACCOUNTS, *_columns(accounts_of(instructions), 2))
        if not rows:
            return [], await connection.fetchval(sql.READ_CLOCK)
        posted_at = max(max(row[12] for row in rows), max(row[11] for row in rows))
        return [_account_from_row(row) for row in rows], posted_at

    async def _write(self, connection: Connection, batch: _Batch, posted_at: datetime) -> None:
        if batch.keys:
            await self._write_keys(connection, batch, posted_at)
        if batch.posted:
            await self._write_journal(connection, batch.posted, posted_at)
        if batch.placed:
            await connection.execute(sql.INSERT_HOLDS, *_columns((_hold_row(hold) for hold in batch.placed), 13))
        if batch.stepped:
            await connection.execute(
                sql.UPDATE_HOLDS,
                *_columns(
                    (
                        (hold.tenant_id, hold.id, hold.captured, hold.released, hold.status.value)
                        for hold in batch.stepped.values()
                    ),
                    5,
                ),
            )

    async def _write_keys(self, connection: Connection, batch: _Batch, posted_at: datetime) -> None:
        rows = (
            (*claim.scope, claim.fingerprint, answer.status, answer.body, trace_id)
            for claim, answer, trace_id in batch.keys
        )
        tag = await connection.execute(sql.INSERT_KEYS, *_columns(rows, 7), posted_at)
        if int(tag.rpartition(" ")[2]) != len(batch.keys):
            raise BatchRaced

    async def _write_journal(self, connection: Connection, posted: list[Posted], posted_at: datetime) -> None:
        transfers = [transfer for outcome in posted for transfer in outcome.transfers]
        try:
            await connection.execute(
                sql.INSERT_TRANSFERS,
                *_columns(
                    (
                        (
                            transfer.tenant_id,
                            transfer.id,
                            transfer.type.value,
                            len(transfer.entries),
                            transfer.trace_id,
                            transfer.reference,
                            transfer.description,
                            transfer.metadata,
                            transfer.reversal_of,
                            transfer.hold_id,
                        )
                        for transfer in transfers
                    ),
                    10,
                ),
                posted_at,
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "transfer_keys_pkey":
                raise BatchRaced from error
            raise
        await connection.execute(
            sql.INSERT_ENTRIES,
            *_columns(
                (
                    (
                        transfer.tenant_id,
                        entry.account_id,
                        entry.sequence,
                        transfer.id,
                        entry.leg,
                        entry.direction,
                        entry.asset,
                        entry.amount,
                        entry.balance_after,
                        entry.chain,
                    )
                    for transfer in transfers
                    for entry in transfer.entries
                ),
                10,
            ),
            posted_at,
        )
        new_id = self._ids.new
        await connection.execute(
            sql.INSERT_OUTBOX,
            *_columns(
                (
                    (transfer.tenant_id, new_id(), event_type(transfer), transfer.id, transfer.trace_id)
                    for transfer in transfers
                ),
                5,
            ),
            posted_at,
        )


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


def _decide(
    requests: Sequence[PostingRequest], decided: dict[_Scope, tuple[bytes, Answer]], book: Book | None
) -> _Batch:
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
        assert book is not None  # without a book every key was known
        outcome = book.decide(request.instruction)
        answer = request.render(outcome)
        batch.answers.append(answer)
        if isinstance(outcome, Posted):
            batch.posted.append(outcome)
            if outcome.hold is not None:
                if isinstance(request.instruction.hold, PlaceHold):
                    batch.placed.append(outcome.hold)
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


def _hold_row(hold: Hold) -> tuple[object, ...]:
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
    )
