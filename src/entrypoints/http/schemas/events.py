"""Events over the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.application.outbox.read_events import EventPage
from core.domain.events import Event

EventData = Annotated[
    msgspec.Raw, Meta(description="What its type tells (docs/webhooks.md).", extra_json_schema={"type": "object"})
]


class EventResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that happened. `position` is its number among your events: from 1, without gaps, for ever. `id` is the
    `webhook-id` of its webhooks.
    """

    id: UUID
    position: int
    type: str
    subject: UUID
    occurred_at: datetime
    trace_id: str
    data: EventData

    @classmethod
    def of(cls, event: Event) -> Self:
        """As clients read it."""
        return cls(
            id=event.id,
            position=event.position,
            type=event.type,
            subject=event.subject,
            occurred_at=event.occurred_at,
            trace_id=event.trace_id,
            data=msgspec.Raw(event.data),
        )


class EventPageResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The next events. `next_after` is where to go on, at once while `has_more`, or later, and miss nothing."""

    items: list[EventResponse]
    next_after: int
    has_more: bool

    @classmethod
    def of(cls, page: EventPage) -> Self:
        """As clients read it."""
        return cls(
            items=[EventResponse.of(event) for event in page.events],
            next_after=page.next_after,
            has_more=page.has_more,
        )
