"""Ask for a reconciliation: a worker does it, however long the ledger is."""

from contextlib import suppress
from dataclasses import dataclass

from core.application.racing import again_after_races
from core.application.reconciliation.beginning import running_reconciliation
from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId
from core.domain.job_catalogue import run_reconciliation_job
from core.domain.reconciliation import Reconciliation
from ports.id_generator import IdGenerator
from ports.job_queue import JobQueue
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RequestReconciliationHandler:
    """Idempotent: while one is running, asking again gives that one."""

    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator
    jobs: JobQueue

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> Reconciliation:
        """
        The reconciliation that is running now.

        Raises:
            Unavailable: If the database cannot be reached. A queue that cannot is left to the sweeper.
        """
        running = await again_after_races(lambda: self._begin(tenant_id, trace_id))
        with suppress(Unavailable):
            await self.jobs.enqueue(run_reconciliation_job(tenant_id, running.id))
        return running

    async def _begin(self, tenant_id: TenantId, trace_id: str) -> Reconciliation:
        async with self.unit_of_work(trace_id=trace_id) as work:
            running = await running_reconciliation(work, tenant_id, self.ids)
            await work.commit()
        return running
