"""The stream `bursar:events`, for downstream consumers; trimmed, and allowed to forget."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError

from adapters.streams.cloud_events import cloud_event
from core.domain.errors import Unavailable
from core.domain.events import Event

STREAM = "bursar:events"
EPOCH = "bursar:events:epoch"
"""There as long as Redis remembers; its loss is how a flush is noticed."""

MAX_LENGTH = 50_000
"""Events kept, of at most some 3 kB each (`cloud_event`): it must leave room for the jobs."""

EVENTS_AT_ONCE = 500
SOCKET_TIMEOUT_SECONDS = 5.0


class EventStreamUnavailable(Unavailable):
    """Redis does not answer."""

    code = "event_stream_unavailable"
    title = "The event stream does not answer"


class StreamEventPublisher:
    """Implements `ports.event_publisher.EventPublisher`."""

    def __init__(self, url: str) -> None:
        """Publish through the server at *url*; connects when first used."""
        self._redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
            url, socket_timeout=SOCKET_TIMEOUT_SECONDS, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
        )

    async def publish(self, events: Sequence[Event]) -> None:
        """See `ports.event_publisher.EventPublisher.publish`."""
        with _answering():
            for first in range(0, len(events), EVENTS_AT_ONCE):
                await self._append(events[first : first + EVENTS_AT_ONCE])

    async def remembers(self) -> bool:
        """See `ports.event_publisher.EventPublisher.remembers`; one that came back old is another one, too."""
        with _answering():
            return await self._redis.get(EPOCH) == await self._run_id()

    async def begin(self) -> None:
        """See `ports.event_publisher.EventPublisher.begin`."""
        with _answering():
            await self._redis.set(EPOCH, await self._run_id())

    async def _append(self, events: Sequence[Event]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.xadd(STREAM, {"event": cloud_event(event)}, maxlen=MAX_LENGTH, approximate=True)
            try:
                await pipe.execute()
            except OutOfMemoryError:  # refused, so nothing trimmed it either, and jobs are refused with it
                await self._redis.xtrim(STREAM, maxlen=MAX_LENGTH // 10, approximate=True)
                raise

    async def _run_id(self) -> bytes:
        """A server's name for one run of its own: it changes with every restart."""
        server = await self._redis.info("server")  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
        run_id: str = server["run_id"]
        return run_id.encode()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._redis.aclose()


@contextmanager
def _answering() -> Generator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise EventStreamUnavailable("the event stream does not answer") from error
