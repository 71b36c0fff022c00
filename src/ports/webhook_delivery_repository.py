"""Webhook deliveries, as a unit of work sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus, WebhookDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """
    A delivery with what its store knows beside it.

    Attributes:
        event_position: Where its event stands in the tenant's log.
        fence: Grows with every claim and redelivery; an outcome counts only while it stands where its claim left it.
        last_status: What the last attempt that counted was answered, if it was.
        last_error: What went wrong at the last attempt that counted, if something did.
    """

    delivery: WebhookDelivery
    event_position: int
    fence: int = 0
    last_status: int | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """
    What came of one attempt.

    Attributes:
        attempt: The fence it was made under: numbers grow, and leave out attempts whose outcome came too late.
        excerpt: The beginning of what the receiver said; for us alone, never for the tenant (design: standards, 12).
    """

    attempt: int
    attempted_at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRange:
    """Deliveries of one endpoint that ended with *status*, by their events' positions or by when they were made."""

    endpoint_id: WebhookEndpointId
    status: DeliveryStatus
    after_position: int = 0
    until_position: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class WebhookDeliveryRepository(Protocol):
    """Rows are locked before they are changed. New ones come from the relay alone."""

    async def claim(
        self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, lease: timedelta, limit: int
    ) -> Sequence[StoredDelivery]:
        """
        Up to *limit* that are due, longest due first, fenced: nobody else claims them before *lease* has passed.

        What another unit of work holds just now is passed over.
        """
        ...

    async def lock(self, tenant_id: TenantId, ids: Sequence[WebhookDeliveryId]) -> Sequence[StoredDelivery]:
        """Those of *ids* that are there, kept from changing until the unit of work ends."""
        ...

    async def lock_range(self, tenant_id: TenantId, chosen: DeliveryRange, *, limit: int) -> Sequence[StoredDelivery]:
        """The first *limit* of a range, in the order of their positions, kept from changing likewise."""
        ...

    async def save(self, deliveries: Sequence[StoredDelivery]) -> None:
        """Write where each of them stands."""
        ...

    async def record(self, delivery: StoredDelivery, attempt: DeliveryAttempt) -> bool:
        """Keep what came of an attempt; False if that was kept before."""
        ...

    async def cancel_pending(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, limit: int) -> int:
        """Give up as many of those on their way to the endpoint, those due first; how many there were."""
        ...
