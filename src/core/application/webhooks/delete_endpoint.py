"""Delete an endpoint."""

from dataclasses import dataclass

from core.application.webhooks.canceling import CANCELED_AT_ONCE
from core.domain.identifiers import TenantId, WebhookEndpointId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class DeleteEndpointHandler:
    """Its deliveries stay to be read, its secrets do not; what was on its way is canceled."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> None:
        """
        It is gone.

        Raises:
            WebhookEndpointNotFound: If there is none, or it was deleted before.
        """
        async with self.unit_of_work() as work:
            await work.webhook_endpoints.lock(tenant_id, endpoint_id)
            await work.webhook_deliveries.cancel_pending(tenant_id, endpoint_id, limit=CANCELED_AT_ONCE)
            await work.webhook_endpoints.delete(tenant_id, endpoint_id)
            await work.commit()
