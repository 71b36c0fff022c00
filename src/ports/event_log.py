"""The log of events: each tenant's in one order, without gaps, whatever order transactions committed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from core.domain.events import Event
from core.domain.identifiers import TenantId, WebhookEndpointId


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many events got their position, and which endpoints have something to deliver because of it."""

    events: int
    endpoints: frozenset[tuple[TenantId, WebhookEndpointId]]


class EventLog(Protocol):
    """Filled from the outbox by the relay; read by clients from any position."""

    async def record(self, *, limit: int) -> Recorded:
        """
        Move up to *limit* events from the outbox into the log, with their positions and webhook deliveries.

        Taken by exact ids, so that what commits late is late, and never skipped. Safe beside another relay.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        ...

    async def unpublished(self, *, limit: int) -> Sequence[Event]:
        """Events the stream does not have yet, each tenant's in order."""
        ...

    async def mark_published(self, positions: Mapping[TenantId, int]) -> None:
        """The stream has each tenant's events up to there."""
        ...

    async def publish_again(self, *, since: timedelta, at_most: int) -> None:
        """The stream has forgotten: what was recorded within that time is unpublished again, *at_most* a tenant."""
        ...

    async def waiting_seconds(self) -> float:
        """How long the oldest event has waited for its position; 0 when none waits."""
        ...

    async def page(
        self, tenant_id: TenantId, *, after: int, limit: int, event_type: str | None = None
    ) -> Sequence[Event]:
        """The tenant's next *limit* events behind the position *after*; of one type, if one is named."""
        ...

    async def at(self, tenant_id: TenantId, positions: Sequence[int]) -> Sequence[Event]:
        """The tenant's events at these positions, in order; those that are there."""
        ...
