"""Webhook deliveries: what was sent, what came of it, and sending it again."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from core.application.webhooks.read_deliveries import ReadDeliveriesHandler
from core.application.webhooks.redeliver import RedeliverHandler
from core.domain.identifiers import WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus
from entrypoints.http.context import principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, DeliveryInPath, EventTypeFilter, Limit, read_event_type, read_parameter
from entrypoints.http.positions import WebhookDeliveryPosition
from entrypoints.http.schemas.webhook_deliveries import (
    RedeliveredResponse,
    RedeliverRangeRequest,
    WebhookDeliveryHistoryResponse,
    WebhookDeliveryResponse,
)
from ports.webhook_delivery_reader import DeliveryFilter

EndpointFilter = Annotated[
    str | None, QueryParameter(required=False, schema_extra={"format": "uuid"}, description="Only to this endpoint.")
]
StatusFilter = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"enum": [status.value for status in DeliveryStatus]},
        description="Only deliveries of this status.",
    ),
]


class WebhookDeliveryController(Controller):
    """Events on their way to endpoints."""

    path = "/webhook-deliveries"
    tags = ["Webhooks"]

    @get(operation_id="ListWebhookDeliveries", summary="List deliveries")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_webhook_deliveries: NamedDependency[ReadDeliveriesHandler],
        endpoint_id: EndpointFilter = None,
        status: StatusFilter = None,
        event_type: EventTypeFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[WebhookDeliveryResponse]:
        """All deliveries, or those to one endpoint, of one status or of one type of event, newest first."""
        before = read_cursor(cursor, WebhookDeliveryPosition)
        to_endpoint = read_parameter(endpoint_id, UUID, "endpoint_id")
        chosen = DeliveryFilter(
            endpoint_id=None if to_endpoint is None else WebhookEndpointId(to_endpoint),
            status=read_parameter(status, DeliveryStatus, "status"),
            event_type=read_event_type(event_type),
        )
        deliveries = await read_webhook_deliveries.page(
            principal_of(request).tenant_id,
            chosen,
            before=None if before is None else WebhookDeliveryId(before.id),
            limit=limit + 1,
        )
        return one_page(
            deliveries, limit, WebhookDeliveryResponse.of, lambda stored: WebhookDeliveryPosition(stored.delivery.id)
        )

    @get("/{delivery_id:str}", operation_id="GetWebhookDelivery", summary="Read a delivery")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        delivery_id: DeliveryInPath,
        read_webhook_deliveries: NamedDependency[ReadDeliveriesHandler],
    ) -> WebhookDeliveryHistoryResponse:
        """The delivery as it stands, with what came of each attempt."""
        found = await read_webhook_deliveries.get(principal_of(request).tenant_id, WebhookDeliveryId(delivery_id))
        return WebhookDeliveryHistoryResponse.with_attempts(*found)

    @post(
        "/{delivery_id:str}/redeliver",
        operation_id="RedeliverWebhook",
        summary="Send a delivery again",
        status_code=200,
    )
    async def redeliver(
        self,
        request: Request[Any, Any, Any],
        *,
        delivery_id: DeliveryInPath,
        redeliver_webhooks: NamedDependency[RedeliverHandler],
    ) -> WebhookDeliveryResponse:
        """From the start of its schedule, whatever came of it; with the same `webhook-id`, so that a receiver that took
        it knows it.
        """
        again = await redeliver_webhooks.one(principal_of(request).tenant_id, WebhookDeliveryId(delivery_id))
        return WebhookDeliveryResponse.of(again)

    @post("/redeliver", operation_id="RedeliverWebhooks", summary="Send a range of deliveries again", status_code=200)
    async def redeliver_range(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[RedeliverRangeRequest],
        redeliver_webhooks: NamedDependency[RedeliverHandler],
    ) -> RedeliveredResponse:
        """Up to 1,000 at a time, in the order of their events; the answer says where to go on."""
        return RedeliveredResponse.of(await redeliver_webhooks.range(principal_of(request).tenant_id, data.to_range()))
