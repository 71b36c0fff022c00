"""Waiting for entries, and losing none of them when the waiting ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from redis.exceptions import RedisError

from adapters.streams.commands import Entry, StreamCommands
from adapters.streams.deliveries import HeldEntries
from adapters.streams.limits import StreamsQueueLimits

_log = structlog.get_logger(__name__)
_REDIS_AWAY_SECONDS = 1.0


class EntryReader:
    """
    Gives one task at a time its next entry; the others wait for their turn, and keep no connections busy.

    Redis may be delivering at the moment somebody stops waiting: what comes then is given back, and not left to its
    idle time.
    """

    def __init__(
        self,
        commands: StreamCommands,
        held: HeldEntries,
        *,
        consumer: str,
        limits: StreamsQueueLimits,
        give_back: Callable[[Entry], Awaitable[None]],
    ) -> None:
        """Read as *consumer*."""
        self._commands = commands
        self._held = held
        self._consumer = consumer
        self._limits = limits
        self._give_back = give_back
        self._turn = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._loose_ends: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """Give nothing more."""
        self._stopping.set()

    def resume(self) -> None:
        """Begin again."""
        self._stopping.clear()

    async def ended(self) -> None:
        """Wait until everything that was to be given back is back."""
        while self._loose_ends:
            await asyncio.wait(self._loose_ends)

    async def next_entry(self, deadline: float | None) -> Entry | None:
        """The next entry, held for the task that asks; None when the loop's time is beyond *deadline*, or stopped."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            return None
        try:
            while not self._stopping.is_set():
                seconds = self._limits.read_block_seconds
                if deadline is not None:
                    seconds = min(seconds, deadline - loop.time())
                    if seconds <= 0:
                        return None
                if (entry := await self._read(seconds)) is None:
                    continue
                self._held.hold(entry.id, entry.key)
                if not self._stopping.is_set():
                    return entry
                self.give_back_later(entry)
            return None
        finally:
            self._turn.release()

    def give_back_later(self, entry: Entry) -> None:
        """Give the entry back, though the task that asks is being cancelled."""

        async def give_back() -> None:
            with contextlib.suppress(RedisError, OSError):  # then it comes back by its idle time
                await self._give_back(entry)

        self._loose_end(give_back())

    async def _read(self, block_seconds: float) -> Entry | None:
        reading = asyncio.create_task(self._commands.read(self._consumer, block_seconds))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            self._loose_end(self._give_back_what_comes(reading))
            raise
        except (RedisError, OSError) as error:
            _log.warning("the queue's Redis does not answer", error=repr(error))
            await asyncio.sleep(min(block_seconds, _REDIS_AWAY_SECONDS))  # SAQ's worker asks again at once
            return None

    async def _give_back_what_comes(self, reading: "asyncio.Task[Entry | None]") -> None:
        with contextlib.suppress(RedisError, OSError):
            if (entry := await reading) is not None:
                await self._give_back(entry)

    def _loose_end(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._loose_ends.add(task)
        task.add_done_callback(self._loose_ends.discard)
