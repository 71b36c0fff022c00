"""
A request whose answer an operation decides: reserve, attempt once, answer (docs/decisions/0010).

The first answer is provisional until the attempt has ended, so that a repetition with the same key never gets another.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from core.application.racing import again_after_races
from core.domain.attempts import AttemptPolicy
from core.domain.errors import Conflict, CoreError, Rejected
from core.domain.idempotency import Answer, IdempotencyClaim, IdempotencyKeyReused, RequestInProgress
from core.domain.instructions import Refused, Render
from core.domain.operations import LEASE_MARGIN_SECONDS, Operation, OperationUnderWay
from ports.clock import Clock
from ports.idempotency_repository import KeptAnswer
from ports.unit_of_work import TransactionRaced, UnitOfWork, UnitOfWorkFactory

FirstAttempt = Callable[[Operation, float], Awaitable[Operation]]
"""Attempts an operation that is leased already, begun at that monotonic second."""


@dataclass(frozen=True, slots=True)
class Begun:
    """
    What one transaction began.

    Attributes:
        answer: The provisional one; the final one when there is no operation.
        operation: Leased already, for the inline attempt.
        kept: Whether the answer is stored with its key already, by a posting.
    """

    answer: Answer
    operation: Operation | None
    kept: bool


Begin = Callable[[UnitOfWork, datetime], Awaitable[Begun]]
"""
Write everything into the unit of work, which is committed afterwards; begun again with the same ids after a race.

What it refuses under a lock, it refuses before it writes: the refusal is committed.
"""

Finish = Callable[[UnitOfWork], Awaitable[Answer]]
"""The answer, once the attempt has ended; reads only."""


@dataclass(frozen=True, slots=True)
class InlineOperation:
    """Shared by everything that asks a provider while a client waits."""

    unit_of_work: UnitOfWorkFactory
    first_attempt: FirstAttempt
    clock: Clock
    policy: AttemptPolicy

    async def run(
        self, claim: IdempotencyClaim, *, trace_id: str, begin: Begin, finish: Finish, refuse: Render
    ) -> Answer:
        """
        The answer to the claim's request; a final refusal of *begin* is one too, written by *refuse* and kept.

        Raises:
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            OperationUnderWay: If another operation on the same subject is not at its end.
            Unavailable: If it could not be decided now.
        """
        begun_at = self.clock.monotonic()
        answer, operation = await again_after_races(lambda: self._begin(claim, trace_id, begin, refuse))
        if operation is None:
            return answer
        await self.first_attempt(operation, begun_at)
        return await again_after_races(lambda: self._settle(claim, finish))

    async def _begin(
        self, claim: IdempotencyClaim, trace_id: str, begin: Begin, refuse: Render
    ) -> tuple[Answer, Operation | None]:
        try:
            return await self._try_to_begin(claim, trace_id, begin)
        except (Conflict, Rejected) as error:
            if error.retryable:
                raise
            return await self._refuse(claim, trace_id, refuse(Refused(error)), error), None

    async def _try_to_begin(
        self, claim: IdempotencyClaim, trace_id: str, begin: Begin
    ) -> tuple[Answer, Operation | None]:
        async with self.unit_of_work(trace_id=trace_id) as work:
            kept = await work.idempotency.find(claim)
            if kept is not None:
                return repeated(kept, claim), None
            begun = await begin(work, await work.now())
            if begun.answer.replayed:
                raise TransactionRaced("the same request was answered meanwhile")
            if not begun.kept:
                await work.idempotency.keep(claim, begun.answer, trace_id=trace_id)
            if begun.operation is not None:
                await _add(work, begun.operation)
                await work.idempotency.defer(claim, seconds=self.policy.deadline_seconds + LEASE_MARGIN_SECONDS)
            await work.commit()
        return begun.answer, begun.operation

    async def _refuse(self, claim: IdempotencyClaim, trace_id: str, answer: Answer, error: CoreError) -> Answer:
        """
        Keep a refusal, of which nothing else may stay; in a transaction of its own.

        The same request may have been first behind a lock that was waited for: then its answer stands.
        """
        async with self.unit_of_work(trace_id=trace_id) as work:
            kept = await work.idempotency.find(claim)
            if kept is not None:
                return repeated(kept, claim)
            if isinstance(error, IdempotencyKeyReused | RequestInProgress):
                raise error  # says something of the key, and is no answer of it
            await work.idempotency.keep(claim, answer, trace_id=trace_id)
            await work.commit()
        return answer

    async def _settle(self, claim: IdempotencyClaim, finish: Finish) -> Answer:
        async with self.unit_of_work() as work:
            answer = await work.idempotency.settle(claim, await finish(work))
            await work.commit()
        return answer


async def _add(work: UnitOfWork, operation: Operation) -> None:
    if await work.operations.add(operation):
        return
    if any(other.is_active for other in await work.operations.of_subject(operation.tenant_id, operation.subject)):
        raise OperationUnderWay("an earlier operation on this is not at its end")
    raise IdempotencyKeyReused("this key was used before, and that answer is no longer kept")


def repeated(kept: KeptAnswer, claim: IdempotencyClaim) -> Answer:
    """
    The answer of the first request with this key.

    Raises:
        IdempotencyKeyReused: If that was another request.
        RequestInProgress: If it is still being answered.
    """
    if kept.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused("this key came before with another request")
    if not kept.settled:
        raise RequestInProgress("the first request with this key is still being answered")
    return kept.answer
