"""The gateway that speaks for an account."""

from typing import Protocol

from core.domain.gateway_accounts import GatewayAccount
from ports.movement_source import MovementSource
from ports.payment_gateway import PaymentGateway
from ports.payout_gateway import PayoutGateway
from ports.webhook_reader import WebhookReader


class Gateways(Protocol):
    """Adapters by account; each is made once and kept while the account stays as it is."""

    def payments(self, account: GatewayAccount) -> PaymentGateway:
        """
        Taking money.

        Raises:
            GatewayUnknown: If no adapter of that name is installed.
            Unsupported: If it does not take money.
            SecretMissing: If the account's credentials are not where they should be.
        """
        ...

    def payouts(self, account: GatewayAccount) -> PayoutGateway:
        """Paying out; raises as `payments` does."""
        ...

    def webhooks(self, account: GatewayAccount) -> WebhookReader:
        """What it tells us; raises as `payments` does."""
        ...

    def movements(self, account: GatewayAccount) -> MovementSource:
        """Its balance's movements; raises as `payments` does."""
        ...

    def webhook_secrets(self, account: GatewayAccount) -> tuple[str, ...]:
        """The secrets its webhooks may be signed with, read anew; raises `SecretMissing`."""
        ...
