"""
The ledger on PostgreSQL: decide a batch under lock and write it in sets.

Works on an asyncpg connection inside an open READ COMMITTED transaction. Global lock order: holds by id, accounts
by id, idempotency keys, guard rows, outbox (docs/decisions/0004; the last three part by part in a large batch).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres import ledger_statements as sql
from adapters.postgres.batch_writer import Batch, BatchWriter
from adapters.postgres.connection import Connection
from adapters.postgres.posting_columns import columns_of, numbers
from core.domain.accounts import Account, AccountStatus, Purpose
from core.domain.book import Book
from core.domain.errors import NotFound
from core.domain.holds import Hold, HoldStatus, PlaceHold
from core.domain.idempotency import Answer, IdempotencyKeyReused
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from core.domain.instructions import Instruction, Posted, PostingRequest, Refused
from ports.id_generator import IdGenerator

_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_STATUSES = {status.value: status for status in AccountStatus}
PART = 250
"""How many requests of a large batch are written at once."""

_Scope = tuple[TenantId, str, int]


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

    async def post(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Answer]:
        """
        Decide and write the requests, in order; their answers hold once the caller's transaction commits.

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
        writer = BatchWriter(connection, self._ids, standing.accounts, book.posted_at)
        answers: list[Answer] = []
        try:
            for part in _parts(requests):
                batch = _decide(part, standing.known, book)
                answers += batch.answers
                if batch.keys:
                    await writer.write(batch, more=len(answers) < len(requests))
            await writer.end()
        except BaseException:
            await writer.abandon()
            raise
        return answers

    async def _lock_holds(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Hold]:
        wanted = {
            (request.instruction.tenant_id, request.instruction.hold_id)
            for request in requests
            if request.instruction.hold_id is not None
        }
        if not wanted:
            return []
        return [hold_from_row(row) for row in await connection.fetch(sql.LOCK_HOLDS, *columns_of(wanted, 2))]

    async def _lock_accounts(self, connection: Connection, requests: Sequence[PostingRequest]) -> _Standing:
        """The accounts under lock, what was taken before, and the batch's moment."""
        guards = [guard for request in requests for guard in _guards(request.instruction)]
        accounts = accounts_of(request.instruction for request in requests)
        claims = [request.claim for request in requests]
        rows = await connection.fetch(
            sql.LOCK_ACCOUNTS_AND_FIND_KEYS,
            *columns_of(accounts, 2),
            [claim.tenant_id for claim in claims],
            [claim.key for claim in claims],
            numbers([claim.item for claim in claims]),
            *columns_of(guards, 3),
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


def _parts(requests: Sequence[PostingRequest]) -> Iterable[Sequence[PostingRequest]]:
    """Small batches whole, for each part has a price; of large ones the database writes one while we decide another."""
    if len(requests) < 2 * PART:
        yield requests
        return
    for start in range(0, len(requests), PART):
        yield requests[start : start + PART]


def _decide(requests: Sequence[PostingRequest], decided: dict[_Scope, tuple[bytes, Answer]], book: Book) -> Batch:
    """
    Judge each request after the ones before it.

    A key seen before, in the database or earlier in this batch, replays for the same fingerprint and is refused for
    another one. What is not found is answered, not stored: its key stays free.
    """
    batch = Batch()
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
