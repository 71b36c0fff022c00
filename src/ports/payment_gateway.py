"""Taking money through a provider, and giving it back (design: gateways)."""

from typing import Protocol

from core.domain.gateway_capabilities import Capabilities
from core.domain.gateways import (
    CallContext,
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    CreateRefund,
)
from core.domain.outcomes import Outcome, Sighting


class PaymentGateway(Protocol):
    """
    One account with one provider. Pure I/O: no retries, no storage, no clock of its own, no wallet.

    Outcomes carry a `PaymentSnapshot` or `RefundSnapshot` as evidence. A call that the capabilities do not declare
    raises `Unsupported` before anything is sent. For what a network or a provider may do nothing is raised:
    what was surely not sent is `NotSent`, what may have arrived is `Unknown`, and an answer whose amount, currency
    or reference differs from what was asked is a `Conflict`.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        """Captured, or authorized when capture is manual: Succeeded; else what is missing, or why not."""
        ...

    async def confirm_payment(self, command: ConfirmPayment, context: CallContext) -> Outcome:
        """Go on after the payer acted; what the payer's browser says is never believed."""
        ...

    async def capture(self, command: CapturePayment, context: CallContext) -> Outcome:
        """Take a part, or all that is authorized."""
        ...

    async def cancel(self, command: CancelPayment, context: CallContext) -> Outcome:
        """Let go of what was not captured."""
        ...

    async def refund(self, command: CreateRefund, context: CallContext) -> Outcome:
        """Give a part, or everything, back."""
        ...

    async def find_payment(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of the payment with our reference; by the provider's, when that is known."""
        ...

    async def find_refund(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of the refund with our reference; by the provider's, when that is known."""
        ...

    async def check_credentials(self, context: CallContext) -> str | None:
        """Why the account cannot be used, or None: a wrong key is found here, not at the first payer."""
        ...
