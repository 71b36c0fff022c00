"""Send an endpoint a sign of life."""

from dataclasses import dataclass

from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import EndpointStatus, WebhookEndpointDisabled
from core.domain.webhook_events import endpoint_tested
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SendTestEventHandler:
    """An event like any other, but addressed: it goes the whole way, to that endpoint alone."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, trace_id: str) -> None:
        """
        It is on its way.

        Raises:
            WebhookEndpointNotFound: If there is none.
            WebhookEndpointDisabled: If nothing is sent there.
        """
        async with self.unit_of_work(trace_id=trace_id) as work:
            endpoint = await work.webhook_endpoints.get(tenant_id, endpoint_id)
            if endpoint.status is EndpointStatus.DISABLED:
                raise WebhookEndpointDisabled("enable it first")
            await work.outbox.add([endpoint_tested(tenant_id, endpoint_id, trace_id=trace_id)])
            await work.commit()
