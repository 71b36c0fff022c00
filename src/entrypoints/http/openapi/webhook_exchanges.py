"""The exchanges of webhooks and of the log of events."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec

from core.application.outbox.read_events import EventPage
from core.application.webhooks.redeliver import Redelivered
from core.domain.events import Event, Movement, TransferEventData
from core.domain.identifiers import EventId, WebhookDeliveryId, WebhookEndpointId, main_account_id, system_account_id
from core.domain.webhook_deliveries import DeliveryStatus, WebhookDelivery
from core.domain.webhook_endpoints import WebhookEndpoint
from core.domain.webhook_filters import parse_filters
from core.domain.webhook_secrets import SigningKey, WebhookSecret
from entrypoints.http.openapi.exchange import Exchange, Shown, listing, reading
from entrypoints.http.openapi.refusals import CHANGING, LISTING, READING
from entrypoints.http.openapi.samples import ALICE, MOMENT, TENANT, TRACE_ID, TRANSFER, USD
from entrypoints.http.pagination import Page, write_cursor
from entrypoints.http.positions import WebhookDeliveryPosition, WebhookEndpointPosition
from entrypoints.http.schemas.events import EventPageResponse
from entrypoints.http.schemas.webhook_deliveries import (
    RedeliveredResponse,
    RedeliverRangeRequest,
    WebhookDeliveryHistoryResponse,
    WebhookDeliveryResponse,
)
from entrypoints.http.schemas.webhook_endpoints import (
    ChangeEndpointRequest,
    RegisterEndpointRequest,
    RotateSecretRequest,
    TestEventResponse,
    WebhookEndpointResponse,
    WebhookEndpointWithSecretResponse,
)
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery

_ENDPOINT = WebhookEndpointId(UUID("01936d2e-c06f-7118-8fa9-a28f8f25f006"))
_DELIVERY = WebhookDeliveryId(UUID("01936d2e-d170-7229-80ba-b39090360007"))
_EVENT = EventId(UUID("01936d2e-e281-733a-81cb-c4a1a1471008"))
_POSITION = 4711
_URL, _EVENT_TYPES = "https://hooks.example.com/bursar", ["transfer.*", "order.completed"]
_LATER = MOMENT + timedelta(seconds=5)

_endpoint = WebhookEndpoint(
    tenant_id=TENANT,
    id=_ENDPOINT,
    url=_URL,
    event_types=parse_filters(_EVENT_TYPES),
    secrets=(WebhookSecret(SigningKey(b"an example, and nobody's secret.")),),
    created_at=MOMENT,
    description="accounting",
)
_pending = StoredDelivery(
    delivery=WebhookDelivery(
        tenant_id=TENANT,
        id=_DELIVERY,
        endpoint_id=_ENDPOINT,
        message_id=str(_EVENT),
        event_type="transfer.posted",
        created_at=MOMENT,
        next_attempt_at=MOMENT,
    ),
    event_position=_POSITION,
)
_failed = replace(
    _pending,
    delivery=replace(
        _pending.delivery, status=DeliveryStatus.FAILED, attempts=10, next_attempt_at=None, ended_at=_LATER
    ),
    last_status=500,
)
_attempt = DeliveryAttempt(attempt=10, attempted_at=MOMENT, status=500, error=None, duration_ms=212, excerpt="")
_data = TransferEventData(
    transfer_id=TRANSFER,
    type="credit",
    reference="invoice-2041",
    reversal_of=None,
    hold_id=None,
    movements=(
        Movement(
            account_id=system_account_id(TENANT, "treasury", USD),
            wallet_id=None,
            purpose="treasury",
            asset=USD,
            amount=-1500,
            balance_after=-11_500,
        ),
        Movement(
            account_id=main_account_id(ALICE),
            wallet_id=ALICE,
            purpose="main",
            asset=USD,
            amount=1500,
            balance_after=11_500,
        ),
    ),
)
_event = Event(
    tenant_id=TENANT,
    position=_POSITION,
    id=_EVENT,
    type="transfer.posted",
    subject=TRANSFER,
    trace_id=TRACE_ID,
    occurred_at=MOMENT,
    data=msgspec.json.encode(_data),
)
_shown_once = WebhookEndpointWithSecretResponse.of(_endpoint)
_shown = WebhookEndpointResponse.of(_endpoint)

WEBHOOK_EXCHANGES: dict[str, Exchange] = {
    "RegisterWebhookEndpoint": Exchange(
        request=RegisterEndpointRequest(url=_URL, event_types=_EVENT_TYPES, description="accounting"),
        answers={201: Shown("Registered; the secret is shown this once.", _shown_once)},
        refusals=(400, 401, 413, 415, 422, 500, 503),
    ),
    "ListWebhookEndpoints": listing(Page([_shown], write_cursor(WebhookEndpointPosition(_ENDPOINT)))),
    "GetWebhookEndpoint": reading("The endpoint.", _shown),
    "ChangeWebhookEndpoint": Exchange(
        request=ChangeEndpointRequest(event_types=["*"]),
        answers={
            200: Shown("Changed.", WebhookEndpointResponse.of(replace(_endpoint, event_types=parse_filters(["*"]))))
        },
        refusals=(400, 401, 404, 413, 415, 422, 500, 503),
    ),
    "DeleteWebhookEndpoint": Exchange(answers={204: Shown("Deleted.", None)}, refusals=READING),
    "RotateWebhookSecret": Exchange(
        request=RotateSecretRequest(overlap_seconds=3600),
        answers={200: Shown("The new secret, shown this once.", _shown_once)},
        refusals=CHANGING,
    ),
    "TestWebhookEndpoint": Exchange(
        answers={202: Shown("On its way.", TestEventResponse(endpoint_id=_ENDPOINT))}, refusals=(*READING, 409)
    ),
    "ListWebhookDeliveries": listing(
        Page([WebhookDeliveryResponse.of(_failed)], write_cursor(WebhookDeliveryPosition(_DELIVERY)))
    ),
    "GetWebhookDelivery": reading(
        "The delivery and its attempts; of ten, the last is shown here.",
        WebhookDeliveryHistoryResponse.with_attempts(_failed, [_attempt]),
    ),
    "RedeliverWebhook": Exchange(
        answers={200: Shown("On its way again.", WebhookDeliveryResponse.of(_pending))}, refusals=(*READING, 409)
    ),
    "RedeliverWebhooks": Exchange(
        request=RedeliverRangeRequest(endpoint_id=_ENDPOINT, after_position=4000, until_position=5000),
        answers={200: Shown("On their way again.", RedeliveredResponse.of(Redelivered(37, None)))},
        refusals=(400, 401, 404, 409, 413, 415, 500, 503),
    ),
    "ListEvents": Exchange(
        answers={200: Shown("The next events.", EventPageResponse.of(EventPage([_event], _POSITION, has_more=True)))},
        refusals=LISTING,
    ),
}
"""By operation."""
