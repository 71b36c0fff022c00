"""What endpoints themselves give occasion to tell."""

from collections.abc import Iterable
from uuid import UUID

from core.domain.events import EndpointTestEventData, NewEvent, WebhookEndpointEventData
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import WebhookEndpoint
from core.domain.webhook_filters import EventFilter, any_matches

ENDPOINT_TESTED = "webhook_endpoint.tested"
"""Addressed to its subject: that endpoint alone hears of it, whatever its filters say."""

ENDPOINT_DISABLED = "webhook_endpoint.disabled"
TEST_MESSAGE = "This is a test: nothing happened."


def endpoint_tested(tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, trace_id: str) -> NewEvent:
    """A sign of life for one endpoint."""
    return NewEvent(
        tenant_id=tenant_id,
        type=ENDPOINT_TESTED,
        subject=endpoint_id,
        trace_id=trace_id,
        data=EndpointTestEventData(endpoint_id=endpoint_id, message=TEST_MESSAGE),
    )


def endpoint_disabled(endpoint: WebhookEndpoint, *, trace_id: str) -> NewEvent:
    """The endpoint was given up; the tenant's other endpoints may want to know."""
    return NewEvent(
        tenant_id=endpoint.tenant_id,
        type=ENDPOINT_DISABLED,
        subject=endpoint.id,
        trace_id=trace_id,
        data=WebhookEndpointEventData(
            endpoint_id=endpoint.id, url=endpoint.url, reason="" if endpoint.disabled_reason is None else endpoint.disabled_reason.value
        ),
    )


def hears_of(endpoint_id: UUID, filters: Iterable[EventFilter], *, event_type: str, subject: UUID) -> bool:
    """Whether an enabled endpoint is sent that event: a test goes to its subject, all else by the filters."""
    if event_type == ENDPOINT_TESTED:
        return subject == endpoint_id
    return any_matches(filters, event_type)
