"""End an operation by what the provider showed without being asked for it: in the books, and in its history."""

from datetime import datetime

from core.application.operations.driver import OperationDriver
from core.domain.attempts import Step, conclude
from core.domain.operations import Operation
from core.domain.outcomes import Declined, Succeeded
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWork


async def conclude_operation(
    work: UnitOfWork,
    driver: OperationDriver,
    operation: Operation,
    outcome: Succeeded | Declined,
    *,
    step: Step,
    now: datetime,
) -> Operation:
    """
    The locked *operation*, ended; whoever is still at it comes too late, and its answer changes nothing.

    Raises:
        InvalidOperationMove: If it has ended.
    """
    submitting, ended = conclude(operation, outcome, now=now)
    if submitting is not None:  # one that we believed not sent: the table wants both steps
        await work.operations.save(submitting)
    await work.operations.save(ended)
    await work.operations.record(
        ended,
        RecordedAttempt(
            attempt=ended.attempt,
            step=step.value,
            outcome=type(outcome).__name__.lower(),
            detail=None,
            counted=True,
            ended_at=now,
        ),
    )
    await driver.settle(work, ended, outcome)
    return ended
