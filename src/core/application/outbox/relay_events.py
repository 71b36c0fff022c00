"""From the outbox into the log, and on to the stream: two steps, so that the log goes on while Redis is away."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId
from core.domain.job_catalogue import deliver_webhooks_job
from ports.event_log import EventLog
from ports.event_publisher import EventPublisher
from ports.job_queue import MAX_JOBS_AT_ONCE, JobQueue

BATCH = 4000
ENQUEUE_SECONDS = 1.0
"""How long a queue that does not answer may hold up the log; the sweeper queues what was left out."""

FORGOTTEN = timedelta(hours=24)
REMEMBERED = 50_000
"""What is published again when the stream has forgotten: the last day, and of a tenant no more than a stream keeps."""


@dataclass(frozen=True, slots=True)
class RelayEventsHandler:
    """One at a time per database is enough; several do no harm."""

    log: EventLog
    publisher: EventPublisher
    jobs: JobQueue

    async def record(self) -> int:
        """
        Give positions to what waits in the outbox, and have its webhooks delivered; how many events there were.

        Raises:
            Unavailable: If the database cannot be reached; a queue that cannot is left to the sweeper.
        """
        recorded = await self.log.record(limit=BATCH)
        jobs = [deliver_webhooks_job(*endpoint) for endpoint in sorted(recorded.endpoints)]
        for first in range(0, len(jobs), MAX_JOBS_AT_ONCE):
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(ENQUEUE_SECONDS):
                    await self.jobs.enqueue_many(jobs[first : first + MAX_JOBS_AT_ONCE])
        return recorded.events

    async def publish(self) -> int:
        """
        Tell the stream what it does not have; how many events those were.

        Raises:
            Unavailable: If the database or the stream cannot be reached.
        """
        events = await self.log.unpublished(limit=BATCH)
        if events:
            await self.publisher.publish(events)
            positions: dict[TenantId, int] = {event.tenant_id: event.position for event in events}
            await self.log.mark_published(positions)
        return len(events)

    async def recover(self) -> bool:
        """
        Publish the last day again when the stream has forgotten; whether it had.

        Raises:
            Unavailable: If the database or the stream cannot be reached.
        """
        if await self.publisher.remembers():
            return False
        await self.log.publish_again(since=FORGOTTEN, at_most=REMEMBERED)
        await self.publisher.begin()
        return True

    async def waiting_seconds(self) -> float:
        """
        How long the oldest event has waited for its position.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        return await self.log.waiting_seconds()
