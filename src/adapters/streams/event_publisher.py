"""The stream `bursar:events`, for downstream consumers; trimmed, and allowed to forget."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.streams.cloud_events import cloud_event
from core.domain.errors import Unavailable
from core.domain.events import Event

STREAM = "bursar:events"
EPOCH = "bursar:events:epoch"
"""There as long as Redis remembers; its loss is how a flush is noticed."""

MAX_LENGTH = 200_000
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
            async with self._redis.pipeline(transaction=False) as pipe:
                for event in events:
                    pipe.xadd(STREAM, {"event": cloud_event(event)}, maxlen=MAX_LENGTH, approximate=True)
                await pipe.execute()

    async def remembers(self) -> bool:
        """See `ports.event_publisher.EventPublisher.remembers`."""
        with _answering():
            return bool(await self._redis.exists(EPOCH))

    async def begin(self) -> None:
        """See `ports.event_publisher.EventPublisher.begin`."""
        with _answering():
            await self._redis.set(EPOCH, "1")

    async def aclose(self) -> None:
        """Close every connection."""
        await self._redis.aclose()


@contextmanager
def _answering() -> Generator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise EventStreamUnavailable("the event stream does not answer") from error
