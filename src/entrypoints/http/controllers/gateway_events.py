"""What providers told us, for operators to read and to apply again."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from core.application.gateway_events.apply_gateway_event import ApplyGatewayEventHandler
from core.application.gateway_events.read_gateway_events import ReadGatewayEventsHandler
from core.domain.gateway_events import GatewayEventStatus
from core.domain.identifiers import GatewayAccountId, GatewayEventId
from entrypoints.http.context import principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit, read_parameter
from entrypoints.http.positions import GatewayEventPosition
from entrypoints.http.schemas.gateway_events import (
    GatewayEventApplicationResponse,
    GatewayEventResponse,
    GatewayEventWithBodyResponse,
    ReplayGatewayEventRequest,
)

EventInPath = Annotated[UUID, PathParameter(description="The gateway event's id: ours, not the provider's.")]
AccountFilter = Annotated[
    str | None,
    QueryParameter(required=False, schema_extra={"format": "uuid"}, description="Only this gateway account's."),
]
StatusFilter = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"enum": [status.value for status in GatewayEventStatus]},
        description="Only those in this status.",
    ),
]


class GatewayEventController(Controller):
    """The operator's own tenant."""

    path = "/gateway-events"
    tags = ["Administration"]

    @get(operation_id="ListGatewayEvents", summary="List gateway events")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_gateway_events: NamedDependency[ReadGatewayEventsHandler],
        gateway_account_id: AccountFilter = None,
        status: StatusFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[GatewayEventResponse]:
        """Newest first, without their bodies."""
        before = read_cursor(cursor, GatewayEventPosition)
        account = read_parameter(gateway_account_id, UUID, "gateway_account_id")
        events = await read_gateway_events.page(
            principal_of(request).tenant_id,
            gateway_account=None if account is None else GatewayAccountId(account),
            status=read_parameter(status, GatewayEventStatus, "status"),
            before=None if before is None else GatewayEventId(before.id),
            limit=limit + 1,
        )
        return one_page(events, limit, GatewayEventResponse.of, lambda event: GatewayEventPosition(event.id))

    @get("/{event_id:str}", operation_id="GetGatewayEvent", summary="Read a gateway event")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        event_id: EventInPath,
        read_gateway_events: NamedDependency[ReadGatewayEventsHandler],
    ) -> GatewayEventWithBodyResponse:
        """With its body, as it came; card numbers are masked."""
        found = await read_gateway_events.get(principal_of(request).tenant_id, GatewayEventId(event_id))
        return GatewayEventWithBodyResponse.of(found)

    @post(
        "/{event_id:str}/replay",
        operation_id="ReplayGatewayEvent",
        summary="Apply a gateway event again",
        status_code=200,
    )
    async def replay(
        self,
        request: Request[Any, Any, Any],
        *,
        event_id: EventInPath,
        data: JSONBody[ReplayGatewayEventRequest],
        apply_gateway_event: NamedDependency[ApplyGatewayEventHandler],
    ) -> GatewayEventApplicationResponse:
        """
        What was heard before changes nothing, so that twice is once; a conflicting event is applied on your word. A dry
        run says what it would come to.
        """
        application = await apply_gateway_event(
            principal_of(request).tenant_id, GatewayEventId(event_id), again=True, dry_run=data.dry_run
        )
        return GatewayEventApplicationResponse.of(application, dry_run=data.dry_run)
