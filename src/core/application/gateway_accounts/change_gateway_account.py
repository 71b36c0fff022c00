"""Change an account with a provider: its name, its secrets, its settings, whether anything new begins there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.application.gateway_accounts.settings_check import check_settings_lead_outside
from core.domain.gateway_accounts import GatewayAccount, InvalidGatewayAccount
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.gateways import Gateways
from ports.outgoing_url_policy import OutgoingUrlPolicy
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGatewayAccount:
    """None leaves as it is."""

    tenant_id: TenantId
    account_id: GatewayAccountId
    name: str | None = None
    enabled: bool | None = None
    credentials_secret: str | None = None
    webhook_secrets: tuple[str, ...] | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ChangeGatewayAccountHandler:
    """What began there goes on while it is disabled; the next call uses what was changed."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    urls: OutgoingUrlPolicy

    async def __call__(self, command: ChangeGatewayAccount) -> GatewayAccount:
        """
        The account as it is now.

        Raises:
            GatewayAccountNotFound: If the tenant has none of that id.
            InvalidGatewayAccount: If a name breaks its rule.
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If it could no longer be opened.
            GatewayAccountNameTaken: If the tenant has another one of that name.
        """
        wanted = {
            "name": command.name,
            "enabled": command.enabled,
            "credentials_secret": command.credentials_secret,
            "webhook_secrets": command.webhook_secrets,
            "settings": command.settings,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        await check_settings_lead_outside(self.urls, command.settings or {})
        async with self.unit_of_work() as work:
            account = await work.gateway_accounts.lock(command.tenant_id, command.account_id)
            self._check_same_merchant(account, command.settings)
            changed = replace(account, **changes)  # type: ignore[arg-type]  # the names and kinds are those above
            if changes.keys() - {"name", "enabled"}:  # a broken one can still be disabled
                self.gateways.open(changed)
                self.gateways.webhook_secrets(changed)
            await work.gateway_accounts.save(changed)
            await work.commit()
        return changed

    def _check_same_merchant(self, account: GatewayAccount, settings: Mapping[str, str] | None) -> None:
        """What is under way would be asked for a second time at another merchant's, so an account stays whose it is."""
        if settings is None:
            return
        for name in self.gateways.identifying_settings(account):
            if settings.get(name) != account.settings.get(name):
                raise InvalidGatewayAccount(
                    "this says whose account it is and never changes: make another account",
                    pointer=f"#/settings/{name}",
                )
