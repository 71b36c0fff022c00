"""Read the log of events, from any position."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.events import Event
from core.domain.identifiers import TenantId
from ports.event_log import EventLog

MAX_LOOKED_AT = 1000
"""Events that one page looks at, when only those of one type are wanted."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """
    The next events.

    Attributes:
        next_after: Where to go on, now or later: nothing up to there is missing from what was given.
        has_more: Whether there is more already.
    """

    events: Sequence[Event]
    next_after: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class ReadEventsHandler:
    """Positions have no gaps and never change, so whoever goes on behind the last one misses nothing."""

    log: EventLog

    async def __call__(self, tenant_id: TenantId, *, after: int, limit: int, event_type: str | None) -> EventPage:
        """The next *limit* events behind *after*; of one type, those among the next thousand."""
        looking_at = limit if event_type is None else MAX_LOOKED_AT
        found = await self.log.page(tenant_id, after=after, limit=looking_at + 1)
        seen = found[:looking_at]
        wanted = [event for event in seen if event_type is None or event.type == event_type]
        if len(wanted) > limit:
            return EventPage(wanted[:limit], wanted[limit - 1].position, has_more=True)
        return EventPage(wanted, seen[-1].position if seen else after, has_more=len(found) > looking_at)
