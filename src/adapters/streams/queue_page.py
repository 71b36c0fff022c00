"""SAQ's own page, for our queues."""

import gzip
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import RedisError
from saq.job import Job
from saq.web.common import STATIC_PATH, render

from adapters.streams.queue_reading import UNREADABLE, QueueReading
from core.domain.errors import Unavailable
from ports.queue_page import PageAsset, Shown

_MEDIA_TYPES = {"app.js": "text/javascript", "snabbdom.js": "text/javascript", "pico.min.css": "text/css"}
"""All there is: no other file of the package can be asked for."""


class SaqQueuePage:
    """Implements `ports.queue_page.QueuePage` with the files of the installed package, as they are."""

    def __init__(self, queues: Iterable[QueueReading]) -> None:
        """Show these queues."""
        self._queues: Mapping[str, QueueReading] = {queue.name: queue for queue in queues}

    def html(self, root_path: str) -> str:
        """See the port."""
        return render(root_path=root_path)

    def asset(self, name: str) -> PageAsset | None:
        """See the port."""
        if name not in _MEDIA_TYPES:
            return None
        packed = STATIC_PATH / f"{name}.gz"
        content = gzip.decompress(packed.read_bytes()) if packed.exists() else (STATIC_PATH / name).read_bytes()
        return PageAsset(content, _MEDIA_TYPES[name])

    async def queues(self) -> Sequence[Shown]:
        """See the port."""
        async with _answering():
            return [{**await queue.info()} for queue in self._queues.values()]

    async def queue(self, name: str) -> Shown | None:
        """See the port."""
        queue = self._queues.get(name)
        if queue is None:
            return None
        async with _answering():
            info = await queue.info(jobs=True)
        return {**info, "jobs": [_shown(job) for job in info["jobs"]]}

    async def job(self, queue: str, key: str) -> Shown | None:
        """See the port."""
        job = await self._job(queue, key)
        return None if job is None else _shown(job.to_dict())

    async def retry(self, queue: str, key: str) -> bool:
        """See the port."""
        job = await self._job(queue, key)
        if job is None:
            return False
        async with _answering():
            await job.retry("retried from the page")
        return True

    async def abort(self, queue: str, key: str) -> bool:
        """See the port."""
        job = await self._job(queue, key)
        if job is None:
            return False
        async with _answering():
            await job.abort("aborted from the page")
        return True

    async def _job(self, queue: str, key: str) -> Job | None:
        if queue not in self._queues:
            return None
        async with _answering():
            try:
                return await self._queues[queue].job(key)
            except UNREADABLE:
                return None


def _shown(job: dict[str, Any]) -> dict[str, Any]:
    """Arguments and results as text: the script would take an object for attributes of its table's cells."""
    return job | {name: repr(job[name]) for name in ("kwargs", "result") if name in job}


@asynccontextmanager
async def _answering() -> AsyncGenerator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable("the queue does not answer") from error
