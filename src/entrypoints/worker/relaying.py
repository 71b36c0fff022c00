"""The outbox relay: one worker leads, and the others look whether it still moves."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from core.application.outbox.relay_events import BATCH, RelayEventsHandler
from core.domain.errors import Unavailable
from ports.leadership import Lead, Leadership

_log = structlog.get_logger(__name__)

ASK_AGAIN_SECONDS = 1.0
"""How often a follower asks for the lead, and a leader whether it still has it."""

PACE_SECONDS = 0.05
"""The shortest time between two small batches: more would cost the database more than a reader gains."""

STALLED_SECONDS = 5.0
"""How old the oldest waiting event may be before a follower relays it without the lead: a leader may have been stopped
with its connection open. Two relays at once do no harm."""

BATCHES_BESIDE = 20
"""What a follower relays before it asks for the lead again."""


class _LeadLost(Exception):
    """PostgreSQL knows the connection no more."""


@dataclass(slots=True)
class Relaying:
    """Runs until it is cancelled; *wake* cuts its waiting short."""

    relay: RelayEventsHandler
    leadership: Leadership
    poll_seconds: float
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    recorded: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Lead, follow, and begin again after every failure."""
        while True:
            try:
                async with self.leadership.of("relay") as lead:
                    if lead is None:
                        await self._follow()
                    else:
                        await self._lead(lead)
            except* (Unavailable, _LeadLost) as errors:
                _log.warning("relay interrupted", errors=[repr(error) for error in errors.exceptions])
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _follow(self) -> None:
        if await self.relay.waiting_seconds() > STALLED_SECONDS:
            _log.warning("the leading relay stands still; relaying beside it")
            await self.relay.recover()
            for _ in range(BATCHES_BESIDE):
                recorded, published = await self.relay.record(), await self.relay.publish()
                if recorded == published == 0:
                    break

    async def _lead(self, lead: Lead) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._record())
            tasks.create_task(self._publish())
            while await lead.holds():  # noqa: ASYNC110 - a server is asked, no event of ours
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            raise _LeadLost

    async def _record(self) -> None:
        """Empty the outbox, and wait for more; small batches are paced, because each costs a transaction."""
        while True:
            self.wake.clear()
            recorded = await self.relay.record()
            if recorded:
                self.recorded.set()
            if recorded == 0:
                await _wait(self.wake, self.poll_seconds)
            if recorded < BATCH:
                await asyncio.sleep(PACE_SECONDS)

    async def _publish(self) -> None:
        """Tell the stream; while it does not answer, the log goes on without it."""
        asked_at = -ASK_AGAIN_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() - asked_at >= ASK_AGAIN_SECONDS:
                    asked_at = loop.time()
                    if await self.relay.recover():
                        _log.warning("the event stream had forgotten: the last day is published again")
                published = await self.relay.publish()
            except Unavailable as error:
                _log.warning("events are not published", error=repr(error))
                published = 0
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            if published == 0:
                await _wait(self.recorded, self.poll_seconds)
            self.recorded.clear()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
