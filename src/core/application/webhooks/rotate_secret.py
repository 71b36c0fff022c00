"""Give an endpoint a new secret."""

from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_bytes

from core.application.webhooks.new_secret import RandomBytes, given_or_new
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import WebhookEndpoint
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateSecret:
    """Without a *secret* one is made; the old one signs too for *overlap*: not at all when that is nothing."""

    tenant_id: TenantId
    endpoint_id: WebhookEndpointId
    secret: str | None = field(repr=False)
    overlap: timedelta


@dataclass(frozen=True, slots=True)
class RotateSecretHandler:
    """The new secret is the first of the endpoint's."""

    unit_of_work: UnitOfWorkFactory
    random_bytes: RandomBytes = token_bytes

    async def __call__(self, command: RotateSecret) -> WebhookEndpoint:
        """
        The endpoint with its new secret.

        Raises:
            WebhookEndpointNotFound: If there is none.
            InvalidWebhookSecret: If the secret is none, or the old one.
            WebhookSecretRotating: If the last rotation's overlap has not ended, and this one has one too.
        """
        key = given_or_new(command.secret, self.random_bytes)
        async with self.unit_of_work() as work:
            endpoint = await work.webhook_endpoints.lock(command.tenant_id, command.endpoint_id)
            rotated = endpoint.rotate_secret(key, now=await work.now(), overlap=command.overlap)
            await work.webhook_endpoints.save(rotated)
            await work.commit()
        return rotated
