"""Attempt an operation now instead of when it is due, on an operator's word."""

from dataclasses import dataclass

from core.application.racing import again_after_races
from core.domain.attempts import hurry
from core.domain.identifiers import OperationId, TenantId
from core.domain.job_catalogue import RUN_OPERATION
from core.domain.operations import Operation
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class HurryOperationHandler:
    """Makes it due; whoever runs operations does the rest. Twice is once."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        """
        The operation, due now.

        Raises:
            OperationNotFound: If the tenant has none of that id.
            OperationLeased: While an attempt is under way.
            InvalidOperationMove: When it is not attempted any more.
        """
        return await again_after_races(lambda: self._hurry(tenant_id, operation_id))

    async def _hurry(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        async with self.unit_of_work() as work:
            hurried = await make_due(work, await work.operations.lock(tenant_id, operation_id))
            await work.commit()
        return hurried


async def make_due(work: UnitOfWork, operation: Operation) -> Operation:
    """
    The locked operation, due now; a dead letter of its job stands in its way no more.

    Raises:
        OperationLeased: While an attempt is under way.
        InvalidOperationMove: When it is not attempted any more.
    """
    # What has begun and was not written down is under way: its lease must not be cut short.
    is_leased = operation.attempt > 0 and not await work.operations.has_recorded(operation, operation.attempt)
    hurried = hurry(operation, is_leased=is_leased, now=await work.now())
    await work.operations.save(hurried)
    await work.dead_letters.reopen_job(f"{RUN_OPERATION}:{operation.id}", await work.now())
    return hurried
