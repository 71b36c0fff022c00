"""Opening an account with the mock provider: what the entry point names."""

from collections.abc import Mapping
from dataclasses import replace

from adapters.gateways.mock.account import MockAccount
from adapters.gateways.mock.capabilities import CAPABILITIES
from adapters.gateways.mock.connection import MockConnection
from adapters.gateways.mock.decline_codes import DeclineCodes
from adapters.gateways.mock.gateway import MockPayments
from adapters.gateways.mock.movements import MockMovements
from adapters.gateways.mock.payouts import MockPayouts
from adapters.gateways.mock.webhooks import MockWebhooks
from core.domain.currencies import ISO_4217
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_capabilities import Capabilities, GatewayOperation
from core.domain.gateway_settings import GatewaySetting, GatewaySettingsInvalid, check_settings
from ports.gateway_plugin import PORT_API_VERSION, Gateway, SecretLookup
from ports.provider_http import ProviderHttp

_SETTINGS = (
    GatewaySetting(name="base_url", description="Where the provider is, such as http://127.0.0.1:8090", required=True),
    GatewaySetting(name="account", description="The provider's name for the account", required=True, identifies=True),
    GatewaySetting(name="currencies", description="ISO 4217 codes with commas between them; all unless given"),
    GatewaySetting(name="operations", description="What it may be asked for, with commas; everything unless given"),
    GatewaySetting(
        name="undivided", description="Operations that it does once and whole, with commas; none unless given"
    ),
    GatewaySetting(name="decline_codes", description="Corrections to the table of decline codes, as a JSON object"),
)


class MockGatewayFactory:
    """Implements `ports.gateway_plugin.GatewayFactory`."""

    port_api_version = PORT_API_VERSION
    settings = _SETTINGS

    def __call__(self, account: GatewayAccount, secret: SecretLookup, http: ProviderHttp) -> Gateway:
        """
        Open *account*; the webhook reader is given its secrets with each message, so that they can be replaced.

        Raises:
            GatewaySettingsInvalid: If a setting, or the shape of the API key, is wrong.
            LookupError: If there is no such secret.
        """
        check_settings(_SETTINGS, account.settings)
        api_key = secret(account.credentials_secret)
        try:
            opened = MockAccount(
                id=account.settings["account"],
                connection=MockConnection(http, base_url=account.settings["base_url"], api_key=api_key),
                capabilities=_capabilities(account.settings),
                codes=_codes(account.settings),
            )
        except ValueError as wrong:
            raise GatewaySettingsInvalid(str(wrong)) from None
        return _gateway(opened)


def _gateway(account: MockAccount) -> Gateway:
    able = account.capabilities.supports
    return Gateway(
        capabilities=account.capabilities,
        payments=MockPayments(account) if able(GatewayOperation.CREATE_PAYMENT) else None,
        payouts=MockPayouts(account) if able(GatewayOperation.CREATE_PAYOUT) else None,
        webhooks=MockWebhooks(account.id, account.reader),
        movements=MockMovements(account) if able(GatewayOperation.LIST_MOVEMENTS) else None,
    )


def _capabilities(settings: Mapping[str, str]) -> Capabilities:
    operations = {GatewayOperation(name) for name in _listed(settings.get("operations"))}
    undivided = {GatewayOperation(name) for name in _listed(settings.get("undivided"))}
    currencies = frozenset(_listed(settings.get("currencies")))
    if unknown := currencies - ISO_4217.keys():
        raise ValueError(f"no currencies of ISO 4217: {', '.join(sorted(unknown))}")
    return replace(
        CAPABILITIES,
        operations={
            operation: replace(declared, partial=False, multiple=False) if operation in undivided else declared
            for operation, declared in CAPABILITIES.operations.items()
            if not operations or operation in operations
        },
        currencies=currencies or None,
    )


def _codes(settings: Mapping[str, str]) -> DeclineCodes:
    corrections = settings.get("decline_codes")
    return DeclineCodes.shipped() if not corrections else DeclineCodes.shipped().corrected_by(corrections)


def _listed(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


factory = MockGatewayFactory()
"""What the entry point `mock` names."""
