"""
Attempt an operation: fence, call, record (design: orchestration, "Run").

The fence is committed before the call, so nobody else begins one before its lease ends; the outcome is recorded only
if the fence still holds, so a worker that slept through its lease changes nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import SystemRandom

from core.application.operations.driver import OperationDriver
from core.application.racing import again_after_races
from core.domain.attempts import Step, after, fence
from core.domain.errors import Unavailable
from core.domain.gateway_accounts import GatewayUnknown, SecretMissing
from core.domain.gateway_capabilities import Unsupported
from core.domain.gateway_settings import GatewaySettingsInvalid
from core.domain.identifiers import OperationId, TenantId
from core.domain.operations import LEASE_MARGIN_SECONDS, Operation, OperationStale, OperationState
from core.domain.outcomes import (
    Absent,
    Failure,
    FailureClass,
    NextStep,
    NotSent,
    Rejected,
    Sighting,
    Succeeded,
    Unknown,
)
from ports.clock import Clock
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

RECORD_AGAIN_SECONDS = 0.2
"""Pause before an outcome is written down again that could not be."""

WANTS_A_PERSON = frozenset({OperationState.REJECTED, OperationState.NEEDS_REVIEW})
"""Our request or configuration is wrong, or nobody knows: somebody is told."""

_MAX_DETAIL_LENGTH = 500


@dataclass(frozen=True, slots=True)
class RunOperationHandler:
    """Idempotent: run at once by several, one attempts and the others find that it is not due."""

    unit_of_work: UnitOfWorkFactory
    drivers: Mapping[str, OperationDriver]
    clock: Clock
    chance: Callable[[], float] = SystemRandom().random
    alert: Callable[[Operation], None] = lambda _operation: None

    async def __call__(self, tenant_id: TenantId, operation_id: OperationId) -> Operation | None:
        """
        Attempt it, if it is due; the operation as it stands afterwards, or None when somebody else is at it.

        Raises:
            OperationNotFound: If the tenant has none of that id.
            Unavailable: If the database cannot be reached; the attempt is repeated when its lease has ended.
        """
        begun = self.clock.monotonic()  # before the fence: a deadline must never outlast the lease
        try:
            step, operation = await again_after_races(lambda: self._fence(tenant_id, operation_id))
        except OperationStale:
            return None
        return await self._attempt(operation, step, begun=begun)

    async def first_attempt(self, operation: Operation, begun: float) -> Operation:
        """
        Attempt one that was created already leased, *begun* on the monotonic clock, before that was committed.

        Raises:
            Unavailable: As above.
        """
        return await self._attempt(operation, Step.SUBMIT, begun=begun)

    async def _fence(self, tenant_id: TenantId, operation_id: OperationId) -> tuple[Step, Operation]:
        async with self.unit_of_work() as work:
            operation = await work.operations.lock(tenant_id, operation_id)
            step, fenced = fence(operation, self.drivers[operation.kind].policy, now=await work.now())
            await work.operations.save(fenced)
            await work.commit()
        return step, fenced

    async def _attempt(self, operation: Operation, step: Step, *, begun: float) -> Operation:
        driver = self.drivers[operation.kind]
        deadline_at = begun + driver.policy.deadline_seconds
        sighting = await _ask(driver, step, operation, deadline_at=deadline_at)
        return await self._record(operation, step, sighting, give_up_at=deadline_at + LEASE_MARGIN_SECONDS)

    async def _record(self, operation: Operation, step: Step, sighting: Sighting, *, give_up_at: float) -> Operation:
        """What was seen is known here alone, so it is written down until the lease ends."""
        while True:
            try:
                return await again_after_races(lambda: self._record_once(operation, step, sighting))
            except Unavailable:
                if self.clock.monotonic() >= give_up_at:
                    raise
                await asyncio.sleep(RECORD_AGAIN_SECONDS)

    async def _record_once(self, operation: Operation, step: Step, sighting: Sighting) -> Operation:
        async with self.unit_of_work(trace_id=operation.trace_id) as work:
            current = await work.operations.lock(operation.tenant_id, operation.id)
            if await work.operations.has_recorded(current, operation.attempt):
                return current  # by the commit whose answer was lost
            now = await work.now()
            attempt = RecordedAttempt(
                attempt=operation.attempt,
                step=step.value,
                outcome=type(sighting).__name__.lower(),
                detail=_detail(sighting),
                counted=current.attempt == operation.attempt and current.is_active,
                ended_at=now,
            )
            if attempt.counted:
                return await self._settle(work, current, sighting, attempt)
            if isinstance(sighting, Succeeded):  # too late to count, too important to forget
                await work.operations.record(current, attempt)
                await work.commit()
            return current

    async def _settle(
        self, work: UnitOfWork, current: Operation, sighting: Sighting, attempt: RecordedAttempt
    ) -> Operation:
        driver = self.drivers[current.kind]
        moved, outcome = after(current, sighting, driver.policy, now=attempt.ended_at, jitter=self.chance())
        await work.operations.save(moved)
        await work.operations.record(moved, replace(attempt, outcome=type(outcome).__name__.lower()))
        await driver.settle(work, moved, outcome)
        await work.commit()
        if moved.state in WANTS_A_PERSON:
            self.alert(moved)
        return moved


async def _ask(driver: OperationDriver, step: Step, operation: Operation, *, deadline_at: float) -> Sighting:
    """What the outside says; where nobody could be asked at all, nothing was sent, and what is unknown stays so."""
    call = driver.submit if step is Step.SUBMIT else driver.look_up
    try:
        return await call(operation, deadline_at=deadline_at)
    except Unsupported as error:
        if step is not Step.SUBMIT:
            return Unknown(error.detail)
        return Rejected(_unsupported(error))
    except (GatewayUnknown, GatewaySettingsInvalid, SecretMissing) as error:
        return NotSent(error.detail) if step is Step.SUBMIT else Unknown(error.detail)


def _unsupported(error: Unsupported) -> Failure:
    return Failure(
        code=error.code,
        failure_class=FailureClass.UNSUPPORTED,
        next_step=NextStep.FIX_REQUEST,
        message=error.detail,
    )


def _detail(sighting: Sighting) -> str | None:
    """What people read in the history of attempts; evidence stays out of it."""
    if isinstance(sighting, Absent):
        return "not found there" + ("" if sighting.authoritative else ", which proves nothing")
    for name in ("reason", "detail", "provider_ref"):
        text = getattr(sighting, name, None)
        if text:
            return str(text)[:_MAX_DETAIL_LENGTH]
    failure = getattr(sighting, "failure", None)
    return None if failure is None else f"{failure.code}: {failure.message or ''}"[:_MAX_DETAIL_LENGTH]
