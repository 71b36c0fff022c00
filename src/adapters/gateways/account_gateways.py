"""Gateways by account, opened once and kept while the account stays as it is."""

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256

from adapters.gateways.registry import GatewayRegistry
from core.domain.gateway_accounts import GatewayAccount
from core.domain.identifiers import GatewayAccountId
from ports.gateway_plugin import Gateway
from ports.provider_http import ProviderHttp
from ports.secrets import Secrets


class AccountGateways:
    """Implements `ports.gateways.Gateways`; each account has its own connections, so that none waits for another's."""

    def __init__(self, registry: GatewayRegistry, secrets: Secrets, new_http: Callable[[], ProviderHttp]) -> None:
        """Open with *registry*, credentials from *secrets*, over what *new_http* gives for each account."""
        self._registry = registry
        self._secrets = secrets
        self._new_http = new_http
        self._http: dict[GatewayAccountId, ProviderHttp] = {}
        self._open: dict[GatewayAccountId, tuple[GatewayAccount, bytes, Gateway]] = {}

    def open(self, account: GatewayAccount) -> Gateway:
        """See `ports.gateways.Gateways.open`."""
        credentials = sha256(self._secrets.get(account.tenant_id, account.credentials_secret).encode()).digest()
        known = self._open.get(account.id)
        if known is not None and known[:2] == (account, credentials):
            return known[2]
        if account.id not in self._http:
            self._http[account.id] = self._new_http()
        gateway = self._registry.open(account, partial(self._secrets.get, account.tenant_id), self._http[account.id])
        self._open[account.id] = (account, credentials, gateway)
        return gateway

    def identifying_settings(self, account: GatewayAccount) -> Sequence[str]:
        """See `ports.gateways.Gateways.identifying_settings`."""
        settings = self._registry.factory(account.gateway).settings
        return [setting.name for setting in settings if setting.identifies]

    def webhook_secrets(self, account: GatewayAccount) -> Sequence[str]:
        """See `ports.gateways.Gateways.webhook_secrets`."""
        return [self._secrets.get(account.tenant_id, name) for name in account.webhook_secrets]

    async def aclose(self) -> None:
        """Close every connection."""
        for http in self._http.values():
            await http.aclose()
        self._http.clear()
        self._open.clear()
