"""Reading webhook deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries to list; None lets all through."""

    endpoint_id: WebhookEndpointId | None = None
    status: DeliveryStatus | None = None
    event_type: str | None = None


class WebhookDeliveryReader(Protocol):
    """Deliveries as readers see them, also those to endpoints that were deleted."""

    async def get(self, tenant_id: TenantId, delivery_id: WebhookDeliveryId) -> StoredDelivery:
        """
        One delivery.

        Raises:
            WebhookDeliveryNotFound: If the tenant has none of that id.
        """
        ...

    async def attempts(self, tenant_id: TenantId, delivery_id: WebhookDeliveryId) -> Sequence[DeliveryAttempt]:
        """What came of its attempts, in order."""
        ...

    async def page(
        self, tenant_id: TenantId, chosen: DeliveryFilter, *, before: WebhookDeliveryId | None, limit: int
    ) -> Sequence[StoredDelivery]:
        """The next *limit*, newest first, behind *before*."""
        ...
