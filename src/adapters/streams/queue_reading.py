"""The part of the queue that looks at jobs and says what became of them; it takes none."""

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any, cast

from redis.asyncio import Redis
from saq.job import Job, Status
from saq.queue.base import Queue
from saq.queue.redis import PubSubMultiplexer
from saq.types import CountKind, DumpType, ListenCallback, LoadType, QueueInfo, WorkerInfo
from saq.utils import millis, now

from adapters.streams.commands import StreamCommands
from adapters.streams.deliveries import delivered, entry_of

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What a record that is not ours makes SAQ's `deserialize` raise."""


class QueueReading(Queue):
    """Counts, lists, records and changes of jobs; what SAQ's page shows."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        consumer: str,
        dump: DumpType | None,
        load: LoadType | None,
        swept_error_message: str | None,
    ) -> None:
        """Look through *redis*, whose answers must be bytes."""
        super().__init__(name, dump, load, swept_error_message)
        self.redis: Any = redis  # its types are of decoded answers and of raw ones at a time
        self.consumer = consumer
        self._commands = StreamCommands(self.redis, name)
        self._pubsub: Any = PubSubMultiplexer(self.redis.pubsub(), prefix=self.job_id(""))
        self._stats = self.namespace("stats")

    def namespace(self, key: str) -> str:
        """Where the queue keeps *key*."""
        return f"{self._commands.prefix}{key}"

    def job_id(self, job_key: str) -> str:
        """Where the job's record is; also the channel of its changes."""
        return self._commands.record_name(job_key)

    def job_key_from_id(self, job_id: str) -> str:
        """The key of the job whose record is there."""
        return job_id.removeprefix(self.job_id(""))

    async def info(self, jobs: bool = False, offset: int = 0, limit: int = 10) -> QueueInfo:
        """
        How many jobs there are, who works, and on request a page of the jobs.

        The jobs at work come first, then those that wait, soonest first. A record that cannot be read is left out.
        """
        waiting, held = await self._commands.waiting_and_held()
        return {
            "workers": await self._workers(),
            "name": self.name,
            "queued": waiting,
            "active": held,
            "scheduled": await self._commands.scheduled(),
            "jobs": await self._page(offset, limit) if jobs else [],
        }

    async def count(self, kind: CountKind) -> int:
        """
        How many jobs wait on the stream, are with a worker, or are not finished (scheduled ones too).

        Raises:
            ValueError: If it is another *kind*.
        """
        if kind == "incomplete":
            return int(await self.redis.zcard(self._commands.incomplete))
        waiting, held = await self._commands.waiting_and_held()
        if kind == "queued":
            return waiting
        if kind == "active":
            return held
        raise ValueError(f"Can't count unknown type {kind}")

    def deserialize(
        self, payload: dict[Any, Any] | str | bytes | None, status: Status | str | None = None
    ) -> Job | None:
        """SAQ's own, with its types filled in."""
        return super().deserialize(payload, status)  # pyright: ignore[reportUnknownMemberType] - a bare `dict`

    async def job(self, job_key: str) -> Job | None:
        """The job as it is recorded, or None."""
        return self.deserialize(await self.redis.get(self.job_id(job_key)))

    async def jobs(self, job_keys: Iterable[str]) -> list[Job | None]:
        """The jobs as they are recorded, each in its place."""
        return [self.deserialize(record) for record in await self._records(job_keys)]

    async def iter_jobs(
        self,
        statuses: list[Status] = list(Status),  # noqa: B006 - SAQ's own signature, never changed
        batch_size: int = 100,
    ) -> AsyncIterator[Job]:
        """Every job there is a record of, in no order; one that cannot be read is left out."""
        wanted, cursor = set(statuses), 0
        while True:
            cursor, job_ids = await self.redis.scan(cursor, match=self.job_id("*"), count=batch_size)
            for record in await self._records(self.job_key_from_id(job_id.decode()) for job_id in job_ids):
                job = self._readable(record)
                if job is not None and job.status in wanted:
                    yield job
            if not cursor:
                return

    async def listen(
        self,
        job_keys: Iterable[str],
        callback: ListenCallback,
        timeout: float | None = 10,  # noqa: ASYNC109 - SAQ's name
        poll_interval: float = 0.5,
    ) -> None:
        """
        Call back with (key, status) for each change of the jobs, until it answers something true.

        Raises:
            TimeoutError: If nothing changes for *timeout* seconds.
        """
        channels = [self.job_id(key) for key in job_keys]
        if not channels:
            return
        changes: AsyncGenerator[Any, None] = self._pubsub.listen(*channels, timeout=timeout)
        async with contextlib.aclosing(changes):
            async for message in changes:
                status = Status[message["data"].decode().upper()]
                stop = callback(self.job_key_from_id(message["channel"]), status)
                if hasattr(stop, "__await__"):
                    stop = await stop
                if stop:
                    return

    async def notify(self, job: Job) -> None:
        """Tell listeners the job's status."""
        await self.redis.publish(job.id, job.status.value)

    async def write_worker_info(self, worker_id: str, info: WorkerInfo, ttl: int) -> None:
        """Let the page know of a worker for *ttl* seconds. Nothing else looks at it."""
        key, current = self.namespace(f"worker_info:{worker_id}"), now()
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.set(key, json.dumps(info), ex=ttl)
            pipe.zremrangebyscore(self._stats, 0, current)
            pipe.zadd(self._stats, {worker_id: current + millis(ttl)})
            pipe.expire(self._stats, ttl)
            await pipe.execute()

    def copy(self, job: Job) -> Job:
        """Another object for the same job, by the same entry."""
        duplicate = super().copy(job)
        entry = entry_of(job)
        return delivered(duplicate, entry) if entry else duplicate

    async def _update(self, job: Job, status: Status | None = None, **kwargs: Any) -> None:
        if not status:
            stored = await self.job(job.key)
            status = stored.status if stored else None
        job.status = status or job.status
        if await self._commands.store(job.key, self.serialize(job), entry=entry_of(job), consumer=self.consumer):
            await self.notify(job)

    async def _workers(self) -> dict[str, WorkerInfo]:
        ids = [worker.decode() for worker in await self.redis.zrangebyscore(self._stats, now(), "inf")]
        if not ids:
            return {}
        found = await self.redis.mget([self.namespace(f"worker_info:{worker}") for worker in ids])
        return {worker: json.loads(info) for worker, info in zip(ids, found, strict=True) if info}

    async def _page(self, offset: int, limit: int) -> list[dict[str, Any]]:
        end = offset + limit
        keys = await self._commands.held(end)
        keys += [key.decode() for key in await self.redis.zrange(self._commands.incomplete, 0, end + len(keys))]
        page = list(dict.fromkeys(keys))[offset:end]
        jobs = [self._readable(record) for record in await self._records(page)]
        return [job.to_dict() for job in jobs if job is not None]

    async def _records(self, job_keys: Iterable[str]) -> list[bytes | None]:
        ids = [self.job_id(key) for key in job_keys]
        return cast("list[bytes | None]", await self.redis.mget(ids)) if ids else []

    def _readable(self, record: bytes | None) -> Job | None:
        try:
            return self.deserialize(record)
        except UNREADABLE:
            return None
