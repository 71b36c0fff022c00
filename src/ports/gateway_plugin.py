"""How an adapter for a payment provider is found and opened (docs/gateways/writing-an-adapter.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_capabilities import Capabilities
from core.domain.gateway_settings import GatewaySetting
from ports.movement_source import MovementSource
from ports.payment_gateway import PaymentGateway
from ports.payout_gateway import PayoutGateway
from ports.provider_http import ProviderHttp
from ports.webhook_reader import WebhookReader

PORT_API_VERSION = 1
"""Grows when an adapter written for the older ports would no longer work."""

ENTRY_POINT_GROUP = "bursar.gateways"

SecretLookup = Callable[[str], str]
"""The secret with that name. It raises LookupError when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One account with one provider, open for business; what is None it does not do."""

    capabilities: Capabilities
    payments: PaymentGateway | None = None
    payouts: PayoutGateway | None = None
    webhooks: WebhookReader | None = None
    movements: MovementSource | None = None


class GatewayFactory(Protocol):
    """What an entry point in the group `bursar.gateways` names; its name there is the gateway's."""

    @property
    def port_api_version(self) -> int:
        """The `PORT_API_VERSION` that the adapter was written for."""
        ...

    @property
    def settings(self) -> Sequence[GatewaySetting]:
        """What an account needs beside its secrets."""
        ...

    def __call__(self, account: GatewayAccount, secret: SecretLookup, http: ProviderHttp) -> Gateway:
        """
        Open *account*; no I/O yet.

        Raises:
            GatewaySettingsInvalid: If its settings, or the shape of its credentials, are wrong.
            LookupError: If a secret is missing.
        """
        ...
