"""Events as endpoints hear of them, and those that endpoints give occasion to."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from core.domain.events import CATALOGUE, EndpointTestEventData, Event, NewEvent, WebhookEndpointEventData
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import WebhookEndpoint
from core.domain.webhook_filters import EventFilter, InvalidEventFilter, any_matches
from core.domain.webhook_messages import WebhookMessageTooLarge, message_body

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
    reason = endpoint.disabled_reason
    return NewEvent(
        tenant_id=endpoint.tenant_id,
        type=ENDPOINT_DISABLED,
        subject=endpoint.id,
        trace_id=trace_id,
        data=WebhookEndpointEventData(
            endpoint_id=endpoint.id, url=endpoint.url, reason="" if reason is None else reason.value
        ),
    )


def hears_of(endpoint_id: UUID, filters: Iterable[EventFilter], *, event_type: str, subject: UUID) -> bool:
    """Whether an enabled endpoint is sent that event: a test goes to its subject, all else by the filters."""
    if event_type == ENDPOINT_TESTED:
        return subject == endpoint_id
    return any_matches(filters, event_type)


def check_known(filters: Sequence[EventFilter]) -> None:
    """
    Let filters pass that let an event of the catalogue through.

    Raises:
        InvalidEventFilter: Naming one that never would: a typing error, of which nothing would ever tell.
    """
    for number, one in enumerate(filters):
        if not any(map(one.matches, CATALOGUE)):
            raise InvalidEventFilter(
                f"there is no event of that type; there are {', '.join(CATALOGUE)}", pointer=f"#/event_types/{number}"
            )


def event_message(event: Event) -> bytes:
    """
    The body that tells of *event*, the same at every attempt.

    What is too large for a webhook is read from the log: then the data is only where to find it there
    (docs/webhooks.md).
    """
    data = json.loads(event.data)
    try:
        return message_body(event.type, occurred_at=event.occurred_at, data=data)
    except WebhookMessageTooLarge:
        place = {"event_id": str(event.id), "position": event.position, "truncated": True}
        return message_body(event.type, occurred_at=event.occurred_at, data=place)
