"""Read deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import TenantId, WebhookDeliveryId
from ports.webhook_delivery_reader import DeliveryFilter, WebhookDeliveryReader
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery


@dataclass(frozen=True, slots=True)
class ReadDeliveriesHandler:
    """Reads only."""

    deliveries: WebhookDeliveryReader

    async def get(
        self, tenant_id: TenantId, delivery_id: WebhookDeliveryId
    ) -> tuple[StoredDelivery, Sequence[DeliveryAttempt]]:
        """
        One delivery and what came of its attempts.

        Raises:
            WebhookDeliveryNotFound: If the tenant has none of that id.
        """
        found = await self.deliveries.get(tenant_id, delivery_id)
        return found, await self.deliveries.attempts(tenant_id, delivery_id)

    async def page(
        self, tenant_id: TenantId, chosen: DeliveryFilter, *, before: WebhookDeliveryId | None, limit: int
    ) -> Sequence[StoredDelivery]:
        """The next *limit*, newest first."""
        return await self.deliveries.page(tenant_id, chosen, before=before, limit=limit)
