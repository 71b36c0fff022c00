"""What providers told us, as a unit of work sees it."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.gateway_events import GatewayEvent, GatewayEventStatus
from core.domain.identifiers import GatewayAccountId, GatewayEventId, TenantId


class GatewayEventRepository(Protocol):
    """Stored once for each (gateway account, event id, body)."""

    async def receive(self, event: GatewayEvent) -> GatewayEventId | None:
        """
        Keep it, or count it when it is there; the id of what is to be applied, None for a repetition.

        One with the id of another but a different body is kept as conflicting.
        """
        ...

    async def lock(self, tenant_id: TenantId, event_id: GatewayEventId) -> GatewayEvent:
        """
        The event, kept from changing until the unit of work ends.

        Raises:
            GatewayEventNotFound: If the tenant has none of that id.
        """
        ...

    async def get(self, tenant_id: TenantId, event_id: GatewayEventId) -> GatewayEvent:
        """
        The event as it stands.

        Raises:
            GatewayEventNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, event: GatewayEvent) -> None:
        """Write what became of it."""
        ...

    async def page(
        self,
        tenant_id: TenantId,
        *,
        gateway_account: GatewayAccountId | None,
        status: GatewayEventStatus | None,
        before: GatewayEventId | None,
        limit: int,
    ) -> Sequence[GatewayEvent]:
        """The next *limit*, newest first, behind *before*."""
        ...
