"""
Group commit: callers that arrive while a batch is being written form the next one.

One lane, no waiting for company, no early acknowledgement: every caller gets its own answer after its batch is durable.
Measured against one transaction a request in benchmarks/ (docs/decisions/0005).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from adapters.postgres import ledger_statements as sql
from adapters.postgres.batch_writer import BatchRaced
from adapters.postgres.connection import DatabaseAddress, connect_for_posting
from adapters.postgres.ledger import Ledger, accounts_of
from adapters.postgres.posting_meter import PostingMeter
from adapters.postgres.posting_queue import PostingQueue, Submission
from core.domain.idempotency import Answer
from core.domain.identifiers import TenantId
from core.domain.instructions import PostingRequest
from ports.posting import PostingFigures, PostingUnconfirmed

_log = structlog.get_logger(__name__)
_jitter = SystemRandom().uniform

PostingConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connect = Callable[[], Awaitable[PostingConnection]]
_Row = tuple[TenantId, UUID]

_CONFLICTS = (BatchRaced, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)


@dataclass(frozen=True, slots=True)
class GroupCommitLimits:
    """
    Where the group commit stops.

    Attributes:
        queue_weight: Entries that may wait before callers are refused.
        batch_weight: Entries a batch holds, unless one submission alone is heavier.
        max_age_seconds: How long a submission may wait before it is begun.
        attempts: How often a batch is tried against races, deadlocks and serialization failures.
        backoff_seconds: Shortest and longest pause between those tries.
        unconfirmed_seconds: How long its oldest caller waits while a batch that may have happened is posted again.
        recheck_seconds: How soon accounts locked by others are looked at again.
    """

    queue_weight: int = 8192
    batch_weight: int = 2048
    max_age_seconds: float = 5.0
    attempts: int = 5
    backoff_seconds: tuple[float, float] = (0.005, 0.1)
    unconfirmed_seconds: float = 12.0
    recheck_seconds: float = 0.05


class GroupCommit:
    """Implements `ports.posting.Posting` with one lane a process; safe with several processes on one database."""

    def __init__(
        self,
        connect: Connect,
        ledger: Ledger,
        limits: GroupCommitLimits | None = None,
        *,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Write with *ledger* over connections that *connect* gives; begin with `start`.

        *committed* is called after each commit, and must not wait.
        """
        self._committed = committed
        self._connect = connect
        self._ledger = ledger
        self._limits = limits or GroupCommitLimits()
        self._meter = PostingMeter()
        self._queue = PostingQueue(
            capacity=self._limits.queue_weight,
            batch_weight=self._limits.batch_weight,
            max_age_seconds=self._limits.max_age_seconds,
        )
        self._connection: PostingConnection | None = None
        self._stuck: set[_Row] = set()
        self._lane: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write."""
        self._lane = asyncio.create_task(self._run(), name="group commit")

    async def stop(self, *, grace_seconds: float) -> None:
        """Take nothing new, write what waits, and end; what is not written within the grace is never begun."""
        self._queue.close()
        lane, self._lane = self._lane, None
        if lane is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await asyncio.shield(lane)
            lane.cancel()
            with suppress(asyncio.CancelledError):
                await lane
        self._drop_connection()

    async def post(self, request: PostingRequest) -> Answer:
        """See `ports.posting.Posting.post`."""
        return (await self._queue.put([request]))[0]

    async def post_all(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """See `ports.posting.Posting.post_all`."""
        return await self._queue.put(list(requests))

    def figures(self) -> PostingFigures:
        """See `ports.posting.Posting.figures`."""
        return self._meter.figures(waiting=self._queue.instructions)

    async def _run(self) -> None:
        batch: list[Submission] = []
        try:
            while not self._queue.is_drained:
                batch = await self._queue.take(timeout_seconds=None)
                try:
                    if batch and self._stuck:
                        batch = await self._set_stuck_aside(batch)
                    if batch:
                        await self._settle(batch)
                except Exception:  # noqa: BLE001 - a bug may cost a batch its answers, never the process its lane
                    _log.exception("posting failed unexpectedly")
                    _leave_in_doubt(batch, "the posting failed; repeat with the same key")
        finally:  # nobody waits for a lane that has ended, whatever ended it
            _leave_in_doubt(batch, "the process stopped before the outcome was known")
            self._queue.abandon()

    async def _settle(self, batch: list[Submission]) -> None:
        """Answer or fail every submission of the batch, or let those behind a foreign lock wait again."""
        try:
            await self._write_until_known(batch)
        except asyncpg.LockNotAvailableError:
            await self._part_from_locked(batch)
        except Exception as error:  # noqa: BLE001 - its callers get it, and the lane goes on
            await self._isolate(batch, error)

    async def _write_until_known(self, batch: list[Submission]) -> None:
        """
        Write the batch, again after a race, and again on a new connection when one was lost at any point.

        A commit may have happened before its connection broke. The keys decide: posted again, the batch replays
        what is there and posts what is not (safety: never "failed" before that is known).
        """
        requests = [request for submission in batch for request in submission.requests]
        loop = asyncio.get_running_loop()
        give_up_at = min(submission.handed_in for submission in batch) + self._limits.unconfirmed_seconds
        conflicts = 0
        while True:
            try:
                answers = await self._write(requests)
            except _CONFLICTS:
                conflicts += 1
                if conflicts >= self._limits.attempts:
                    raise
                self._meter.batch_retried()
                await asyncio.sleep(_jitter(*self._limits.backoff_seconds))
            except _LOST as error:
                self._drop_connection()
                self._meter.batch_retried()
                for submission in batch:
                    submission.in_doubt = True
                if loop.time() >= give_up_at:
                    raise PostingUnconfirmed("the database cannot be reached; repeat with the same key") from error
                _log.warning("posting connection lost, posting the batch again", error=type(error).__name__)
                await asyncio.sleep(_jitter(*self._limits.backoff_seconds))
            else:
                self._committed()
                self._answer(batch, answers)
                return

    async def _write(self, requests: list[PostingRequest]) -> list[Answer]:
        connection = await self._connected()
        async with connection.transaction():
            try:
                return await self._ledger.post(connection, requests)
            except _LOST:
                self._drop_connection()  # or a ROLLBACK would wait on the same silence as long again
                raise

    def _answer(self, batch: list[Submission], answers: list[Answer]) -> None:
        start = 0
        for submission in batch:
            end = start + len(submission.requests)
            submission.answer(answers[start:end])
            start = end
        self._meter.batch_written(batch, asyncio.get_running_loop().time())

    async def _isolate(self, batch: list[Submission], error: Exception) -> None:
        """A batch that fails for its own reasons is halved, so that one bad instruction fails alone."""
        if isinstance(error, PostingUnconfirmed):
            for submission in batch:
                submission.fail(error)
        elif len(batch) == 1:
            batch[0].fail(_explain(error))
        else:
            self._meter.batch_retried()
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])

    async def _part_from_locked(self, batch: list[Submission]) -> None:
        """A lock took too long: let only those who want it wait, and write the others."""
        wanted = {row for submission in batch for row in _rows_of(submission)}
        locked = await self._locked_among(wanted)
        self._meter.batch_retried()
        if locked:
            self._stuck |= locked
            if free := await self._set_stuck_aside(batch):
                await self._settle(free)
        elif len(batch) == 1:
            await self._wait_again(batch)
        else:
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])

    async def _set_stuck_aside(self, batch: list[Submission]) -> list[Submission]:
        """Put back what wants a row that is still locked by others; the rest is free to be written."""
        self._stuck = await self._locked_among(self._stuck)
        free: list[Submission] = []
        waiting: list[Submission] = []
        for submission in batch:
            wanted = _rows_of(submission)
            (free if wanted.isdisjoint(self._stuck) else waiting).append(submission)
        if waiting:
            await self._wait_again(waiting, pause=not free)
        return free

    async def _wait_again(self, submissions: list[Submission], *, pause: bool = True) -> None:
        self._queue.put_back(submissions)
        if pause:
            await asyncio.sleep(self._limits.recheck_seconds)

    async def _locked_among(self, wanted: set[_Row]) -> set[_Row]:
        """Which of the rows another transaction holds, asked without waiting; all, if even asking is refused."""
        tenants, ids = [row[0] for row in wanted], [row[1] for row in wanted]
        try:
            connection = await self._connected()
            unlocked = await connection.fetch(sql.FIND_UNLOCKED_ACCOUNTS, tenants, ids)
            unlocked += await connection.fetch(sql.FIND_UNLOCKED_HOLDS, tenants, ids)
            existing = await connection.fetch(sql.FIND_ACCOUNTS_AND_HOLDS, tenants, ids)
        except _LOST:
            self._drop_connection()
            return set()
        except asyncpg.PostgresError:  # a migration has locked the table, say
            return set(wanted)
        return {(row[0], row[1]) for row in existing} - {(row[0], row[1]) for row in unlocked}

    async def _connected(self) -> PostingConnection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def connector(address: DatabaseAddress) -> Connect:
    """How the lane gets a connection to *address*."""

    async def connect() -> PostingConnection:
        return await connect_for_posting(address)

    return connect


def _rows_of(submission: Submission) -> set[_Row]:
    """Every account and hold it would lock; ids of the two never meet."""
    instructions = [request.instruction for request in submission.requests]
    holds = {(wish.tenant_id, wish.hold_id) for wish in instructions if wish.hold_id is not None}
    return {*accounts_of(instructions), *holds}


def _leave_in_doubt(batch: list[Submission], why: str) -> None:
    for submission in batch:
        submission.fail(PostingUnconfirmed(why))


def _explain(error: Exception) -> Exception:
    """Errors a caller may see as "try again"; anything else is our fault and stays what it is."""
    if isinstance(error, (*_CONFLICTS, asyncpg.InsufficientResourcesError)):
        return PostingUnconfirmed("the database is too busy; repeat with the same key")
    return error
