"""Leaving work to a worker."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from core.domain.jobs import JobRequest, PoisonJob

MAX_JOBS_AT_ONCE = 500

OnPoison = Callable[[PoisonJob], Awaitable[None]]
"""Puts a poison job where people find it. It may be called again for the same job, so it must be idempotent; whatever
it raises, it is called again later."""


class JobQueue(Protocol):
    """
    A queue that may forget everything at any time, so nothing may depend on it alone.

    Delivery is at least once: after a crash a job runs again, and rarely twice at a time.
    """

    async def enqueue(self, job: JobRequest) -> bool:
        """
        Queue the job; False if one of its key waits or runs already.

        Raises:
            Unavailable: If the queue does not answer; the job may or may not be queued.
        """
        ...

    async def enqueue_many(self, jobs: Sequence[JobRequest]) -> int:
        """
        Queue up to `MAX_JOBS_AT_ONCE` jobs, all or none of them; how many were new.

        Raises:
            ValueError: If there are more.
            Unavailable: If the queue does not answer; they may or may not be queued.
        """
        ...
