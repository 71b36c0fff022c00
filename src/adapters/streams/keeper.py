"""What a queue instance does all the time while it takes jobs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from redis.exceptions import RedisError

from adapters.streams.ending import end
from adapters.streams.limits import StreamsQueueLimits

_log = structlog.get_logger(__name__)
Step = Callable[[], Awaitable[Any]]


class Keeper:
    """
    Renews, schedules and recovers, each on a beat of its own, so that none waits for another.

    They are tasks of the event loop that runs the jobs, not a thread: a loop that is stuck renews nothing, and its jobs
    are taken by others.
    """

    def __init__(self, limits: StreamsQueueLimits, *, renew: Step, schedule: Step, recover: Step, probe: Step) -> None:
        """Call the steps on the beats that *limits* name; *probe* only asks Redis for an answer."""
        self._limits = limits
        self._renew, self._schedule, self._recover, self._probe = renew, schedule, recover, probe
        self._tasks: list[asyncio.Task[None]] = []
        self._is_sure = False

    @property
    def is_in_doubt(self) -> bool:
        """Whether live entries may look idle, because Redis was away; nobody knows while nothing is looked after."""
        return bool(self._tasks) and not self._is_sure

    def start(self) -> None:
        """Begin, unless that happened before."""
        if not self._tasks:
            beats = self._limits
            self._tasks = [
                asyncio.create_task(self._every(beats.renew_seconds, self._renew)),
                asyncio.create_task(self._every(beats.schedule_poll_seconds, self._schedule)),
                asyncio.create_task(self._recovering()),
            ]

    async def stop(self) -> None:
        """End all three."""
        tasks, self._tasks, self._is_sure = self._tasks, [], False
        await end(tasks)

    async def _every(self, seconds: float, step: Step) -> None:
        while True:
            await self._went_well(step)
            await asyncio.sleep(seconds)

    async def _recovering(self) -> None:
        """
        Recover, but not right after Redis was away, nor right after the start, when nobody knows whether it was.

        Idle times go on while nobody can renew, so afterwards every entry looks idle: once Redis answers, others are
        given the time to renew theirs.
        """
        beats = self._limits
        while True:
            if not await self._went_well(self._probe):
                self._is_sure = False
            elif self._is_sure:
                self._is_sure = await self._went_well(self._recover)
            else:
                await asyncio.sleep(beats.all_renewed_seconds)
                self._is_sure = await self._went_well(self._probe)
                continue
            await asyncio.sleep(beats.recovery_poll_seconds)

    async def _went_well(self, step: Step) -> bool:
        try:
            await step()
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("the queue's Redis does not answer", error=repr(error))
            return False
        except Exception:  # noqa: BLE001 - a bug in one round must not end them all: live jobs would be taken away
            _log.exception("a round of looking after the queue failed")
            return False
        return True
