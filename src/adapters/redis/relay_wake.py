"""The relay's wake-up call over Redis: one PUBLISH for everything committed within 20 ms."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "bursar:wake"
DEBOUNCE_SECONDS = 0.02
PUBLISH_TIMEOUT_SECONDS = 1.0
LISTEN_AGAIN_SECONDS = 1.0
_POLL_SECONDS = 5.0


class RedisRelayWake:
    """Implements `ports.relay_wake.RelayWake`; without a URL nobody is woken, and the relay looks by itself."""

    def __init__(self, url: str | None) -> None:
        """Call through the server at *url*; connects when first used."""
        self._redis: Redis | None = (
            None
            if url is None
            else Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
                url, socket_timeout=_POLL_SECONDS * 2, socket_connect_timeout=PUBLISH_TIMEOUT_SECONDS
            )
        )
        self._calling: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        """See `ports.relay_wake.RelayWake.nudge`; what comes while a call is on its way is part of it."""
        if self._redis is not None and (self._calling is None or self._calling.done()):
            self._calling = asyncio.create_task(self._call(self._redis), name="wake the relay")

    async def listen(self, woken: asyncio.Event) -> None:
        """Set *woken* at every call, until cancelled; while Redis is away nobody calls."""
        if self._redis is None:
            return
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                async with self._redis.pubsub() as calls:  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
                    await calls.subscribe(CHANNEL)
                    while True:
                        if await calls.get_message(ignore_subscribe_messages=True, timeout=_POLL_SECONDS):
                            woken.set()
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._calling is not None:
            self._calling.cancel()
            with suppress(asyncio.CancelledError):
                await self._calling
        if self._redis is not None:
            await self._redis.aclose()

    async def _call(self, redis: Redis) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                await redis.publish(CHANNEL, "")  # pyright: ignore[reportUnknownMemberType] - likewise
