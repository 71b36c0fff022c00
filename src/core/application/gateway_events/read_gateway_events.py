"""Read what providers told us."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.gateway_events import GatewayEvent, GatewayEventStatus
from core.domain.identifiers import GatewayAccountId, GatewayEventId, TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadGatewayEventsHandler:
    """Events as they came, and what became of them."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, event_id: GatewayEventId) -> GatewayEvent:
        """
        One event.

        Raises:
            GatewayEventNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.gateway_events.get(tenant_id, event_id)

    async def page(
        self,
        tenant_id: TenantId,
        *,
        gateway_account: GatewayAccountId | None,
        status: GatewayEventStatus | None,
        before: GatewayEventId | None,
        limit: int,
    ) -> Sequence[GatewayEvent]:
        """The next *limit*, newest first."""
        async with self.unit_of_work() as work:
            return await work.gateway_events.page(
                tenant_id, gateway_account=gateway_account, status=status, before=before, limit=limit
            )
