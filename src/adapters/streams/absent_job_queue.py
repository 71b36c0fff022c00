"""An installation without Redis."""

from collections.abc import Sequence

from core.domain.errors import Unavailable
from core.domain.jobs import JobRequest


class AbsentJobQueue:
    """Implements `ports.job_queue.JobQueue` by saying that there is none."""

    async def enqueue(self, job: JobRequest) -> bool:
        """See the port; always refuses."""
        raise Unavailable(f"{job.name} cannot be queued: no Redis is configured")

    async def enqueue_many(self, jobs: Sequence[JobRequest]) -> int:
        """See the port; always refuses."""
        raise Unavailable(f"{len(jobs)} jobs cannot be queued: no Redis is configured")
