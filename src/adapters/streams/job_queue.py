"""`ports.job_queue` on SAQ's queue."""

from collections.abc import Sequence

from redis.exceptions import RedisError
from saq.job import Job

from adapters.streams.queue import StreamsQueue
from core.domain.errors import Unavailable
from core.domain.jobs import JobRequest
from ports.job_queue import MAX_JOBS_AT_ONCE

FINISHED_JOB_KEPT_SECONDS = 300
"""How long the page can show what became of a job."""
_NO_ANSWER = "the queue does not answer"


class StreamsJobQueue:
    """
    Implements `ports.job_queue.JobQueue`.

    Every field of SAQ's job is named: its `enqueue(**arguments)` eats arguments that share a field's name, and its
    defaults are one attempt of ten seconds.
    """

    def __init__(self, queue: StreamsQueue) -> None:
        """Leave jobs in *queue*."""
        self._queue = queue

    async def enqueue(self, job: JobRequest) -> bool:
        """See the port."""
        return await self.enqueue_many([job]) == 1

    async def enqueue_many(self, jobs: Sequence[JobRequest]) -> int:
        """See the port."""
        if len(jobs) > MAX_JOBS_AT_ONCE:
            raise ValueError(f"{len(jobs)} jobs at once; {MAX_JOBS_AT_ONCE} are the most")
        if not jobs:
            return 0
        try:
            return await self._queue.enqueue_jobs([saq_job(job) for job in jobs])
        except (RedisError, OSError) as error:
            raise Unavailable(_NO_ANSWER) from error


def saq_job(request: JobRequest) -> Job:
    """The request as SAQ knows it."""
    return Job(
        request.name,
        kwargs=dict(request.arguments),
        key=request.key,
        timeout=request.timeout_seconds,
        heartbeat=0,
        retries=request.attempts,
        ttl=FINISHED_JOB_KEPT_SECONDS,
        retry_delay=request.retry_delay_seconds,
        retry_backoff=float(request.max_retry_delay_seconds),
        scheduled=0,
    )
