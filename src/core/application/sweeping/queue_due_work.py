"""Queue what is due: the guarantee behind every job, should Redis forget it or a worker lose it."""

from dataclasses import dataclass

from core.domain.job_catalogue import (
    apply_gateway_event_job,
    deliver_webhooks_job,
    run_operation_job,
    run_reconciliation_job,
)
from ports.due_work import DueWork
from ports.job_queue import MAX_JOBS_AT_ONCE, JobQueue


@dataclass(frozen=True, slots=True)
class QueueDueWorkHandler:
    """Idempotent: a job waits or runs once a key, and its fence decides the rest."""

    due: DueWork
    jobs: JobQueue

    async def __call__(self) -> int:
        """
        How many jobs were new.

        Raises:
            Unavailable: If the database or the queue cannot be reached.
        """
        jobs = [
            *(
                run_operation_job(due.tenant_id, due.operation_id)
                for due in await self.due.operations(limit=MAX_JOBS_AT_ONCE)
            ),
            *(
                apply_gateway_event_job(due.tenant_id, due.event_id)
                for due in await self.due.gateway_events(limit=MAX_JOBS_AT_ONCE)
            ),
            *(
                deliver_webhooks_job(due.tenant_id, due.endpoint_id)
                for due in await self.due.webhook_endpoints(limit=MAX_JOBS_AT_ONCE)
            ),
            *(
                run_reconciliation_job(due.tenant_id, due.reconciliation_id)
                for due in await self.due.reconciliations(limit=MAX_JOBS_AT_ONCE)
            ),
        ]
        queued = 0
        for first in range(0, len(jobs), MAX_JOBS_AT_ONCE):
            queued += await self.jobs.enqueue_many(jobs[first : first + MAX_JOBS_AT_ONCE])
        return queued
