"""Webhook endpoints over the wire."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.application.webhooks.change_endpoint import ChangeEndpoint
from core.application.webhooks.register_endpoint import RegisterEndpoint
from core.application.webhooks.rotate_secret import RotateSecret
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import MAX_URL_LENGTH, DisabledReason, EndpointStatus, WebhookEndpoint
from core.domain.webhook_events import ENDPOINT_TESTED
from core.domain.webhook_filters import MAX_FILTER_LENGTH, MAX_FILTERS
from core.domain.webhook_secrets import ROTATION_OVERLAP
from entrypoints.http.schemas.fields import PRINTABLE_PATTERN, Request

_OVERLAP_SECONDS = int(ROTATION_OVERLAP.total_seconds())

Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_URL_LENGTH,
        description="https, a public host by its name, port 443 or 8443; no user, no fragment.",
        examples=["https://hooks.example.com/bursar"],
    ),
]
EventTypes = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=MAX_FILTER_LENGTH)]],
    Meta(
        min_length=1,
        max_length=MAX_FILTERS,
        description="Types of events, such as `transfer.posted`; all below a prefix, `transfer.*`; or all, `*`.",
        examples=[["transfer.*", "order.completed"]],
    ),
]
Description = Annotated[
    str, Meta(max_length=200, pattern=PRINTABLE_PATTERN, description="For you, up to 200 characters.")
]
GivenSecret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="`whsec_` and 24 to 64 random bytes in base64; made for you when left out.",
    ),
]


class RegisterEndpointRequest(Request, frozen=True, kw_only=True):
    """Where to send, and what."""

    url: Url
    event_types: EventTypes
    description: Description = ""
    secret: GivenSecret | None = None

    def to_command(self, tenant_id: TenantId, *, trace_id: str) -> RegisterEndpoint:
        """The same for the core."""
        return RegisterEndpoint(
            tenant_id=tenant_id,
            url=self.url,
            event_types=self.event_types,
            description=self.description,
            secret=self.secret,
            trace_id=trace_id,
        )


class ChangeEndpointRequest(Request, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    status: EndpointStatus | None = None

    def to_command(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> ChangeEndpoint:
        """The same for the core."""
        return ChangeEndpoint(
            tenant_id=tenant_id,
            endpoint_id=endpoint_id,
            url=self.url,
            event_types=self.event_types,
            description=self.description,
            status=self.status,
        )


class RotateSecretRequest(Request, frozen=True, kw_only=True):
    """The old secret goes on signing beside the new one for `overlap_seconds`; 0 ends it at once, as after a leak."""

    secret: GivenSecret | None = None
    overlap_seconds: Annotated[int, Meta(ge=0, le=_OVERLAP_SECONDS)] = _OVERLAP_SECONDS

    def to_command(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> RotateSecret:
        """The same for the core."""
        return RotateSecret(
            tenant_id=tenant_id,
            endpoint_id=endpoint_id,
            secret=self.secret,
            overlap=timedelta(seconds=self.overlap_seconds),
        )


class WebhookEndpointResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    An endpoint. `failing_since`: since when there was nothing but failure. `paused_until`: nothing is sent before,
    because it asked for less or keeps failing.
    """

    id: UUID
    url: str
    event_types: list[str]
    description: str
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    paused_until: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> Self:
        """As clients read it: without its secrets."""
        return cls(**_members(endpoint))


class WebhookEndpointWithSecretResponse(WebhookEndpointResponse, frozen=True, kw_only=True):
    """An endpoint and the secret that signs for it from now on: shown here, and never again."""

    secret: str

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> Self:
        """As its owner reads it once."""
        return cls(**_members(endpoint), secret=endpoint.secrets[0].value.reveal())


class TestEventResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A test on its way; `GET /v1/webhook-deliveries` tells what came of it."""

    endpoint_id: UUID
    event_type: str = ENDPOINT_TESTED


def _members(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "event_types": [one.pattern for one in endpoint.event_types],
        "description": endpoint.description,
        "status": endpoint.status,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "paused_until": endpoint.resume_at,
        "created_at": endpoint.created_at,
    }
