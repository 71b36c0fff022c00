"""Due work, queued again and again from PostgreSQL: what makes Redis dispensable."""

import asyncio

import structlog

from core.application.sweeping.queue_due_work import QueueDueWorkHandler
from core.domain.errors import Unavailable

_log = structlog.get_logger(__name__)


async def sweep_forever(queue_due_work: QueueDueWorkHandler, *, every_seconds: float) -> None:
    """Until it is cancelled."""
    while True:
        try:
            await queue_due_work()
        except Unavailable as error:
            _log.warning("due work could not be queued", error=repr(error))
        await asyncio.sleep(every_seconds)
