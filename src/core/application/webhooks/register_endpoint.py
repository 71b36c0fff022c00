"""Register an endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_bytes

from core.application.webhooks.new_secret import RandomBytes, given_or_new
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import MAX_ENDPOINTS, TooManyWebhookEndpoints, WebhookEndpoint
from core.domain.webhook_events import check_known
from core.domain.webhook_filters import parse_filters
from core.domain.webhook_secrets import WebhookSecret
from ports.id_generator import IdGenerator
from ports.outgoing_url_policy import OutgoingUrlPolicy
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEndpoint:
    """Where, what of, and signed with what; without a *secret* one is made."""

    tenant_id: TenantId
    url: str
    event_types: Sequence[str]
    description: str
    secret: str | None = field(repr=False)
    trace_id: str


@dataclass(frozen=True, slots=True)
class RegisterEndpointHandler:
    """The URL is checked before the transaction: looking a name up takes as long as it takes."""

    unit_of_work: UnitOfWorkFactory
    url_policy: OutgoingUrlPolicy
    ids: IdGenerator
    random_bytes: RandomBytes = token_bytes

    async def __call__(self, command: RegisterEndpoint) -> WebhookEndpoint:
        """
        The endpoint, enabled.

        Raises:
            InvalidEventFilter, InvalidWebhookSecret, InvalidWebhookEndpoint: If a field breaks a rule.
            OutgoingUrlRefused: If we would not call the URL.
            TooManyWebhookEndpoints: If the tenant has 50.
        """
        filters = parse_filters(command.event_types)
        check_known(filters)
        key = given_or_new(command.secret, self.random_bytes)
        await self.url_policy.check_url(command.url)
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            endpoint = WebhookEndpoint(
                tenant_id=command.tenant_id,
                id=WebhookEndpointId(self.ids.new()),
                url=command.url,
                event_types=filters,
                secrets=(WebhookSecret(key),),
                created_at=await work.now(),
                description=command.description,
            )
            if (
                len(await work.webhook_endpoints.page(command.tenant_id, after=None, limit=MAX_ENDPOINTS))
                >= MAX_ENDPOINTS
            ):
                raise TooManyWebhookEndpoints(f"{MAX_ENDPOINTS} are the most; delete one first")
            await work.webhook_endpoints.add(endpoint)
            await work.commit()
        return endpoint
