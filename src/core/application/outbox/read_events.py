"""Read the log of events, from any position."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.events import Event
from core.domain.identifiers import TenantId
from ports.event_log import EventLog


@dataclass(frozen=True, slots=True)
class EventPage:
    """
    The next events.

    Attributes:
        next_after: Where to go on, now or later: the last position that was given, or that was asked for.
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
        """
        The next *limit* events behind *after*; only those of *event_type*, if one is named.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        found = await self.log.page(tenant_id, after=after, limit=limit + 1, event_type=event_type)
        page = found[:limit]
        return EventPage(page, page[-1].position if page else after, has_more=len(found) > limit)
