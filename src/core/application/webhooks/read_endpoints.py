"""Read endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import WebhookEndpoint
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadEndpointsHandler:
    """Endpoints as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint:
        """
        One endpoint.

        Raises:
            WebhookEndpointNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.webhook_endpoints.get(tenant_id, endpoint_id)

    async def page(
        self, tenant_id: TenantId, *, after: WebhookEndpointId | None, limit: int
    ) -> Sequence[WebhookEndpoint]:
        """The next *limit*, oldest first."""
        async with self.unit_of_work() as work:
            return await work.webhook_endpoints.page(tenant_id, after=after, limit=limit)
