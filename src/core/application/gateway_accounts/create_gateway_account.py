"""Connect an account with a provider."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.application.gateway_accounts.settings_check import check_settings_lead_outside
from core.domain.gateway_accounts import GatewayAccount
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.gateways import Gateways
from ports.id_generator import IdGenerator
from ports.outgoing_url_policy import OutgoingUrlPolicy
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateGatewayAccount:
    """What `core.domain.gateway_accounts.GatewayAccount` keeps; secrets by name alone."""

    tenant_id: TenantId
    gateway: str
    name: str
    enabled: bool
    credentials_secret: str
    webhook_secrets: tuple[str, ...]
    settings: Mapping[str, str]
    trace_id: str


@dataclass(frozen=True, slots=True)
class CreateGatewayAccountHandler:
    """It is opened before it is kept: what cannot be opened now would fail the first payer."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    urls: OutgoingUrlPolicy
    ids: IdGenerator

    async def __call__(self, command: CreateGatewayAccount) -> GatewayAccount:
        """
        The account.

        Raises:
            InvalidGatewayAccount: If a name breaks its rule.
            GatewayUnknown: If no adapter of that name is installed.
            GatewaySettingsInvalid: If its settings, or the shape of its credentials, are wrong.
            SecretMissing: If a secret is not where it should be.
            GatewayAccountNameTaken: If the tenant has one of that name.
        """
        account = GatewayAccount(
            tenant_id=command.tenant_id,
            id=GatewayAccountId(self.ids.new()),
            gateway=command.gateway,
            name=command.name,
            enabled=command.enabled,
            credentials_secret=command.credentials_secret,
            webhook_secrets=command.webhook_secrets,
            settings=dict(command.settings),
        )
        await check_settings_lead_outside(self.urls, account.settings)
        self.gateways.open(account)
        self.gateways.webhook_secrets(account)
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            await work.gateway_accounts.add(account)
            await work.commit()
        return account
