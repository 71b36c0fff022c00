"""The log of events."""

from typing import Annotated, Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from core.application.outbox.read_events import ReadEventsHandler
from entrypoints.http.context import principal_of
from entrypoints.http.pagination import DEFAULT_PAGE
from entrypoints.http.parameters import EventTypeFilter, Limit, read_event_type
from entrypoints.http.schemas.events import EventPageResponse

_LAST_POSITION = 2**63 - 1
After = Annotated[
    int, QueryParameter(ge=0, le=_LAST_POSITION, description="The position to go on behind; 0 is the beginning.")
]


class EventController(Controller):
    """Everything that happened, in one order."""

    path = "/events"
    tags = ["Webhooks"]

    @get(operation_id="ListEvents", summary="Read events from any position")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_events: NamedDependency[ReadEventsHandler],
        after: After = 0,
        limit: Limit = DEFAULT_PAGE,
        event_type: EventTypeFilter = None,
    ) -> EventPageResponse:
        """Oldest first, as webhooks tell them; positions never change, so whoever goes on behind the last misses
        nothing.
        """
        wanted = read_event_type(event_type)
        found = await read_events(principal_of(request).tenant_id, after=after, limit=limit, event_type=wanted)
        return EventPageResponse.of(found)
