"""Webhook endpoints, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import WebhookEndpoint


class WebhookEndpointRepository(Protocol):
    """Their secrets are sealed at rest. Locked before their deliveries are."""

    async def add(self, endpoint: WebhookEndpoint) -> None:
        """Keep a new one."""
        ...

    async def get(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint:
        """
        The endpoint as it stands.

        Raises:
            WebhookEndpointNotFound: If the tenant has none of that id, or has deleted it.
        """
        ...

    async def lock(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint:
        """
        The same, kept from changing until the unit of work ends.

        Raises:
            WebhookEndpointNotFound: As above.
        """
        ...

    async def save(self, endpoint: WebhookEndpoint) -> None:
        """Write everything that may change."""
        ...

    async def delete(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> None:
        """It is not there any more, but for the deliveries that were made to it; its secrets are gone."""
        ...

    async def page(
        self, tenant_id: TenantId, *, after: WebhookEndpointId | None, limit: int
    ) -> Sequence[WebhookEndpoint]:
        """The next *limit*, oldest first, behind *after*."""
        ...
