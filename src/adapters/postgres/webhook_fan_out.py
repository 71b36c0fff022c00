"""One delivery for each event and each endpoint that hears of it, in the transaction that gave the event its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.driver_connection import driver_connection
from core.domain.identifiers import EventId, TenantId, WebhookEndpointId
from core.domain.webhook_events import hears_of
from core.domain.webhook_filters import EventFilter, InvalidEventFilter
from ports.id_generator import IdGenerator

_ENDPOINTS = """
SELECT tenant_id, id, event_types FROM webhook_endpoints
WHERE tenant_id = ANY($1::uuid[]) AND status = 'enabled' AND deleted_at IS NULL
ORDER BY tenant_id, id
"""

# One moment for all of them, so that they are due in the order of their positions.
_ADD = """
WITH now AS MATERIALIZED (SELECT schedule_now() AS moment)
INSERT INTO webhook_deliveries
    (tenant_id, id, endpoint_id, event_position, event_id, event_type, next_attempt_at, created_at)
SELECT given.*, now.moment, now.moment
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[]) AS given CROSS JOIN now
ON CONFLICT ON CONSTRAINT webhook_deliveries_one_per_event DO NOTHING
"""

_MOST_AT_ONCE = 10_000
"""Rows an insert adds at most: a thousand events for fifty endpoints come in five."""

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FannedEvent:
    """What of an event decides who hears of it."""

    tenant_id: TenantId
    position: int
    event_id: EventId
    type: str
    subject: UUID


@dataclass(frozen=True, slots=True)
class _Endpoint:
    id: WebhookEndpointId
    filters: tuple[EventFilter, ...]


async def fan_out(
    session: AsyncSession, events: Sequence[FannedEvent], ids: IdGenerator
) -> frozenset[tuple[TenantId, WebhookEndpointId]]:
    """
    Add the deliveries of *events*; the endpoints that have something to be sent because of them.

    Endpoints are not locked, so that no tenant can hold up the relay: one that is being disabled may still get a row,
    which its next delivery job cancels.
    """
    connection = await driver_connection(session)
    rows = await connection.fetch(_ENDPOINTS, list({event.tenant_id for event in events}))
    if not rows:
        return frozenset()
    endpoints: dict[UUID, list[_Endpoint]] = {}
    for tenant_id, endpoint_id, patterns in rows:
        endpoint = _Endpoint(WebhookEndpointId(endpoint_id), _filters(endpoint_id, patterns))
        endpoints.setdefault(tenant_id, []).append(endpoint)
    heard = [
        (event, endpoint.id)
        for event in events
        for endpoint in endpoints.get(event.tenant_id, ())
        if hears_of(endpoint.id, endpoint.filters, event_type=event.type, subject=event.subject)
    ]
    for some in _portions(heard, _MOST_AT_ONCE):
        await connection.execute(
            _ADD,
            [event.tenant_id for event, _ in some],
            [ids.new() for _ in some],
            [endpoint_id for _, endpoint_id in some],
            [event.position for event, _ in some],
            [event.event_id for event, _ in some],
            [event.type for event, _ in some],
        )
    return frozenset((event.tenant_id, endpoint_id) for event, endpoint_id in heard)


def _filters(endpoint_id: UUID, patterns: Sequence[str]) -> tuple[EventFilter, ...]:
    """What of them can be read: one endpoint's broken filter must not stop everybody's events."""
    filters: list[EventFilter] = []
    for pattern in patterns:
        try:
            filters.append(EventFilter(pattern))
        except InvalidEventFilter as error:
            _log.error("an event filter cannot be read", endpoint=str(endpoint_id), error=str(error))
    return tuple(filters)


def _portions(values: list[_T], size: int) -> Iterator[list[_T]]:
    return (values[first : first + size] for first in range(0, len(values), size))
