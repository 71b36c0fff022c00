"""What a queue says to Redis: its scripts with named arguments, and reading with a group that may have gone."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar, cast

from redis.exceptions import ResponseError

from adapters.streams import scripts
from adapters.streams.server_clock import ClockJumped, ServerClock

GROUP = "workers"
_FIRST = "0-0"
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream as it was delivered; without a key, somebody else wrote it."""

    id: str
    key: str | None
    text: str

    @classmethod
    def from_reply(cls, entry_id: bytes, fields: dict[bytes, bytes]) -> Self:
        """Read one entry of a reply to XREADGROUP."""
        key = fields.get(b"job")
        return cls(entry_id.decode(), None if key is None else key.decode("utf-8", "replace"), repr(fields))

    @classmethod
    def from_flat(cls, entry_id: bytes, fields: Sequence[bytes]) -> Self:
        """Read one entry as a script gives it: names and values in turn."""
        return cls.from_reply(entry_id, dict(zip(fields[::2], fields[1::2], strict=True)))


class StreamCommands:
    """One queue's keys, and the steps on them. Whoever passes '' as the entry acts as an operator, unfenced."""

    def __init__(self, redis: Any, queue: str) -> None:
        """Speak through *redis*, a client that answers in bytes; its types cannot say so."""
        self._redis = redis
        self.stream = f"bursar:{queue}"
        self.prefix = f"bursar:{queue}:"
        self.incomplete = f"{self.prefix}incomplete"
        self._keys = [self.stream, self.incomplete, f"{self.prefix}entries"]
        script = redis.register_script
        self._enqueue, self._schedule, self._take = map(script, (scripts.ENQUEUE, scripts.SCHEDULE, scripts.TAKE))
        self._store, self._finish, self._retry = map(script, (scripts.STORE, scripts.FINISH, scripts.RETRY))
        self._abort, self._renew, self._held = map(script, (scripts.ABORT, scripts.RENEW, scripts.HELD))
        self._tidy, self._claim = script(scripts.TIDY), script(scripts.CLAIM)

    def record_name(self, key: str) -> str:
        """Where the record of the job *key* is."""
        return f"{self.prefix}job:{key}"

    async def enqueue(self, jobs: Sequence[tuple[str, bytes | str, float, float]]) -> list[bool]:
        """Queue jobs of (key, record, seconds to wait or 0, most between its attempts or 0); whether each was new."""
        queued = await self._run(self._enqueue, *(part for job in jobs for part in job))
        return [answer == 1 for answer in queued]

    async def schedule(self, limit: int) -> list[str]:
        """Put up to *limit* due jobs on the stream; their keys."""
        return [key.decode() for key in await self._run(self._schedule, limit)]

    async def take(self, key: str, entry: str) -> bytes | None:
        """The record for a delivered entry, or None when there is nothing to do for it; then it is gone."""
        return cast("bytes | None", await self._run(self._take, key, entry))

    async def store(self, key: str, record: bytes | str, *, entry: str, consumer: str) -> bool:
        """Write the record; False if the entry is not the consumer's any more, or an abort is under way."""
        return bool(await self._run(self._store, key, record, entry, consumer))

    async def finish(
        self, key: str, record: bytes | str, *, entry: str, consumer: str, keep_seconds: int, status: str
    ) -> bool:
        """End the job; False if the entry is not the consumer's any more."""
        return bool(await self._run(self._finish, key, record, entry, consumer, keep_seconds, status))

    async def retry(
        self, key: str, record: bytes | str, *, entry: str, consumer: str, delay_seconds: float, status: str
    ) -> bool:
        """Queue the job again, now or later; an empty record leaves it as it is. False as for `finish`."""
        return bool(await self._run(self._retry, key, record, entry, consumer, delay_seconds, status))

    async def abort(
        self,
        key: str,
        *,
        aborting: bytes | str,
        aborted: bytes | str,
        keep_seconds: int,
        error: str,
        mark_milliseconds: int,
    ) -> Literal["running", "aborted", "over"]:
        """Abort the job at once where it waits; mark it where it runs; leave it where it is over."""
        answer: bytes = await self._run(self._abort, key, aborting, aborted, keep_seconds, error, mark_milliseconds)
        return cast('Literal["running", "aborted", "over"]', answer.decode())

    async def renew(self, consumer: str, entries: Sequence[str]) -> list[str]:
        """Make the consumer's entries young again; answers those that it no longer has."""
        if not entries:
            return []
        return [entry.decode() for entry in await self._run(self._renew, consumer, *entries)]

    async def held(self, limit: int) -> list[str]:
        """Keys of up to *limit* jobs that consumers have, oldest first."""
        return [key.decode() for key in await self._run(self._held, limit)]

    async def forget_consumer(self, consumer: str) -> None:
        """Take a consumer that has nothing off the group's list."""
        await self._run(self._tidy, consumer, 0)

    async def forget_silent_consumers(self, silent_seconds: float) -> None:
        """Take all consumers that have nothing and were silent for so long off the group's list."""
        await self._run(self._tidy, "", int(silent_seconds * 1000))

    async def read(self, consumer: str, block_seconds: float) -> Entry | None:
        """The next entry that nobody has, waiting up to *block_seconds*."""

        async def read() -> Entry | None:
            answer = await self._redis.xreadgroup(
                GROUP, consumer, {self.stream: ">"}, count=1, block=max(1, int(block_seconds * 1000))
            )
            return Entry.from_reply(*answer[0][1][0]) if answer else None

        return await self._in_group(read)

    async def claim_idle(
        self, consumer: str, idle_seconds: float, page: int, clock: ServerClock
    ) -> AsyncGenerator[list[Entry]]:
        """
        Make entries idle for so long the consumer's own, and give them in pages, until there are none.

        Raises:
            ClockJumped: If the server's clock is not where *clock* has it; then nothing more was claimed.
        """
        cursor: str | bytes = _FIRST
        while True:
            cursor, claimed = await self._claim_page(consumer, idle_seconds, cursor, page, clock)
            yield claimed
            if cursor in {_FIRST, _FIRST.encode()}:
                return

    async def waiting_and_held(self) -> tuple[int, int]:
        """How many entries wait for a consumer, and how many are with one."""
        length = int(await self._redis.xlen(self.stream))
        with contextlib.suppress(ResponseError):  # no group: nobody has read yet
            summary = await self._redis.xpending(self.stream, GROUP)
            return max(0, length - int(summary["pending"])), int(summary["pending"])
        return length, 0

    async def server_time(self) -> float:
        """Where the server's clock stands, in epoch seconds."""
        seconds, microseconds = await self._redis.time()
        return float(seconds) + float(microseconds) / 1_000_000

    async def scheduled(self) -> int:
        """How many jobs wait for their time."""
        return int(await self._redis.zcount(self.incomplete, "(0", "+inf"))

    async def _claim_page(
        self, consumer: str, idle_seconds: float, cursor: str | bytes, count: int, clock: ServerClock
    ) -> tuple[bytes, list[Entry]]:
        async def claim() -> tuple[bytes, list[Entry]]:
            window, asked_at = clock.window() or ("", ""), clock.asking()
            answer = await self._run(self._claim, consumer, int(idle_seconds * 1000), cursor, count, *window)
            has_claimed = len(answer) > 1
            try:
                clock.saw(float(answer[0]), asked_at=asked_at)
                has_jumped = False
            except ClockJumped:
                has_jumped = True
            if not has_claimed:
                raise ClockJumped(float(answer[0]))
            # What the server gave is ours, whatever the clock looks like from here: only no more is asked for.
            cursor_behind = _FIRST.encode() if has_jumped else answer[1]
            return cursor_behind, [Entry.from_flat(entry, fields) for entry, fields in answer[2]]

        return await self._in_group(claim)

    async def _in_group(self, command: Callable[[], Awaitable[_Read]]) -> _Read:
        """Do it; when the group has gone, as after a flush, make it again and do it then."""
        try:
            return await command()
        except ResponseError as error:
            if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise
        with contextlib.suppress(ResponseError):  # BUSYGROUP: somebody was faster
            # From the first entry on: what was queued before there was a group is delivered too.
            await self._redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        return await command()

    async def _run(self, script: Callable[..., Awaitable[Any]], *arguments: bytes | str | float) -> Any:
        return await script(keys=self._keys, args=[self.prefix, GROUP, *arguments])
