"""The gateway that speaks for an account."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.gateway_accounts import GatewayAccount
from ports.gateway_plugin import Gateway


class Gateways(Protocol):
    """Adapters by account; each is opened once, and anew when the account or its credentials have changed."""

    def open(self, account: GatewayAccount) -> Gateway:
        """
        The gateway that speaks for the account; no I/O yet.

        Raises:
            GatewayUnknown: If no adapter of that name is installed.
            GatewaySettingsInvalid: If its settings, or the shape of its credentials, are wrong.
            SecretMissing: If its credentials are not where they should be.
        """
        ...

    def identifying_settings(self, account: GatewayAccount) -> Sequence[str]:
        """
        The names of the settings that say whose account it is, which never change.

        Raises:
            GatewayUnknown: If no adapter of that name is installed.
        """
        ...

    def webhook_secrets(self, account: GatewayAccount) -> Sequence[str]:
        """
        The secrets that its webhooks may be signed with, as they are now.

        Raises:
            SecretMissing: If one is not where it should be.
        """
        ...
