"""Change an endpoint: where it is, what it hears of, whether it hears at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.application.webhooks.canceling import CANCELED_AT_ONCE
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import DisabledReason, EndpointStatus, WebhookEndpoint
from core.domain.webhook_events import check_known
from core.domain.webhook_filters import parse_filters
from ports.outgoing_url_policy import OutgoingUrlPolicy
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEndpoint:
    """None leaves as it is."""

    tenant_id: TenantId
    endpoint_id: WebhookEndpointId
    url: str | None = None
    description: str | None = None
    event_types: Sequence[str] | None = None
    status: EndpointStatus | None = None


@dataclass(frozen=True, slots=True)
class ChangeEndpointHandler:
    """What waits for a disabled endpoint is canceled; enabling it brings nothing back, redelivering does."""

    unit_of_work: UnitOfWorkFactory
    url_policy: OutgoingUrlPolicy

    async def __call__(self, command: ChangeEndpoint) -> WebhookEndpoint:
        """
        The endpoint as it is now.

        Raises:
            WebhookEndpointNotFound: If there is none.
            InvalidEventFilter, InvalidWebhookEndpoint: If a field breaks a rule.
            OutgoingUrlRefused: If we would not call the URL.
        """
        filters = None if command.event_types is None else parse_filters(command.event_types)
        check_known(filters or ())
        if command.url is not None:
            await self.url_policy.check_url(command.url)
        async with self.unit_of_work() as work:
            endpoint = await work.webhook_endpoints.lock(command.tenant_id, command.endpoint_id)
            changed = endpoint if command.url is None else endpoint.move_to(command.url)
            if filters is not None:
                changed = replace(changed, event_types=filters)
            if command.description is not None:
                changed = replace(changed, description=command.description)
            if command.status is EndpointStatus.ENABLED and endpoint.status is EndpointStatus.DISABLED:
                changed = changed.enable()
            if command.status is EndpointStatus.DISABLED:
                changed = changed.disable(DisabledReason.REQUESTED)
                await work.webhook_deliveries.cancel_pending(
                    command.tenant_id, command.endpoint_id, limit=CANCELED_AT_ONCE
                )
            await work.webhook_endpoints.save(changed)
            await work.commit()
        return changed
