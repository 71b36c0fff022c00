"""Paying money out through a provider (design: gateways)."""

from typing import Protocol

from core.domain.gateway_capabilities import Capabilities
from core.domain.gateways import CallContext, CreatePayout
from core.domain.outcomes import Outcome, Sighting


class PayoutGateway(Protocol):
    """As `ports.payment_gateway.PaymentGateway`, with `PayoutSnapshot` as evidence."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def create_payout(self, command: CreatePayout, context: CallContext) -> Outcome:
        """Pay; usually Pending, and paid is not final for some days."""
        ...

    async def cancel_payout(self, provider_ref: str, context: CallContext) -> Outcome:
        """Stop one that has not left."""
        ...

    async def find_payout(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of the payout with our reference; by the provider's, when that is known."""
        ...
