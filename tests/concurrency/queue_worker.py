"""
A worker of the queue, as a process that can be killed, and the job it does.

Run with one argument: JSON with `url`, `limits` and `concurrency`.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from adapters.streams.limits import StreamsQueueLimits
from adapters.streams.queue import StreamsQueue
from adapters.streams.worker import StreamsWorker

QUEUE, JOB = "jobs", "test.effect"
GO = "test:go"
"""Once this key is there, jobs that wait for it go on."""


def effect_of(redis: Redis, worker: str) -> Callable[..., Any]:
    """
    The job: begin, work for so long as this attempt should, and have an effect unless an inbox row says it is done.

    Every begin, end and effect is listed with the worker and the time.
    """

    async def note(what: str, key: str, attempt: int) -> None:
        await redis.rpush(f"test:{what}", json.dumps([key, worker, attempt, time.time()]))

    async def run(context: Any, *, first_seconds: float, later_seconds: float, waits_for_go: int = 0) -> str:
        job = context["job"]
        await note("begun", job.key, job.attempts)
        await asyncio.sleep(first_seconds if job.attempts == 1 else later_seconds)
        while waits_for_go == job.attempts and not await redis.exists(GO):  # noqa: ASYNC110 - said by another process
            await asyncio.sleep(0.02)
        await note("ended", job.key, job.attempts)
        if await redis.sadd("test:inbox", job.key):
            await note("effects", job.key, job.attempts)
        return worker

    return run


async def main(url: str, limits: dict[str, float], concurrency: int) -> None:
    """Work until the process ends."""
    queue = StreamsQueue.from_url(url, name=QUEUE, limits=StreamsQueueLimits(**limits))  # type: ignore[arg-type]  # JSON
    redis = Redis.from_url(url)
    worker: StreamsWorker[Any] = StreamsWorker(
        queue, [(JOB, effect_of(redis, "child"))], concurrency=concurrency, dequeue_timeout=1
    )
    await queue.connect()

    def stop() -> None:
        worker.event.set()  # another event by then: SAQ makes it anew when it starts

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await worker.start()
    finally:
        await queue.disconnect()
        await redis.aclose()


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
