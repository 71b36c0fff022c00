"""What a check has at hand: the adapter behind the fault proxy, and short ways to ask it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import NoReturn, TypeVar

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import (
    CallContext,
    CaptureMode,
    CapturePayment,
    CreatePayment,
    CreatePayout,
    CreateRefund,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
)
from core.domain.outcomes import ActionRequired, Declined, Outcome, Pending, Sighting, Succeeded
from entrypoints.conformance.fault_proxy import FaultProxy
from entrypoints.conformance.harness import AccountOnTrial, Scenery
from ports.gateway_plugin import Gateway
from ports.movement_source import MovementSource
from ports.payment_gateway import PaymentGateway
from ports.payout_gateway import PayoutGateway
from ports.webhook_reader import WebhookReader

PATIENCE_SECONDS = 10.0
"""For a call that is not about time."""

_Port = TypeVar("_Port")
_Snapshot = TypeVar("_Snapshot", PaymentSnapshot, RefundSnapshot, PayoutSnapshot)


def new_reference() -> str:
    """A key and reference of its own."""
    return token_hex(16)


def context(key: str | None = None, *, seconds: float = PATIENCE_SECONDS) -> CallContext:
    """What a call carries; it ends in *seconds*."""
    return CallContext(key=key or new_reference(), deadline_at=time.monotonic() + seconds, trace_id="0" * 32)


def now() -> datetime:
    """The real time, which webhooks are signed with."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Stage:
    """One check's own account, proxy and gateway."""

    account: AccountOnTrial
    scenery: Scenery
    proxy: FaultProxy
    gateway: Gateway

    def need(self, operation: GatewayOperation) -> None:
        """Skip the check where the adapter does not declare *operation*."""
        if not self.gateway.capabilities.supports(operation):
            pytest.skip(f"{operation} is not declared")

    @property
    def payments(self) -> PaymentGateway:
        """Payments, or the check is skipped."""
        return _declared(self.gateway.payments, "payments")

    @property
    def payouts(self) -> PayoutGateway:
        """Payouts, or the check is skipped."""
        return _declared(self.gateway.payouts, "payouts")

    @property
    def webhooks(self) -> WebhookReader:
        """Webhooks, or the check is skipped."""
        return _declared(self.gateway.webhooks, "webhooks")

    @property
    def movements(self) -> MovementSource:
        """Movements, or the check is skipped."""
        return _declared(self.gateway.movements, "movements")

    def payment(
        self,
        *,
        amount: int = 1_000,
        capture: CaptureMode = CaptureMode.AUTOMATIC,
        method: str | None = None,
        currency: str | None = None,
        reference: str | None = None,
    ) -> CreatePayment:
        """A command for a payment that will be paid, unless something else is said."""
        return CreatePayment(
            reference=reference or new_reference(),
            amount=amount,
            currency=currency or self.scenery.currency,
            capture=capture,
            method=method or self.scenery.paid,
            return_url=self.scenery.return_url,
        )

    async def pay(self, command: CreatePayment | None = None, *, seconds: float = PATIENCE_SECONDS) -> Outcome:
        """Ask for a payment under its reference as key."""
        asked = command or self.payment()
        return await self.payments.create_payment(asked, context(asked.reference, seconds=seconds))

    async def paid(self, amount: int = 1_000, *, capture: CaptureMode = CaptureMode.AUTOMATIC) -> PaymentSnapshot:
        """A payment that is captured, or authorized."""
        return payment_in(await self.pay(self.payment(amount=amount, capture=capture)), Succeeded)

    async def capture(self, payment: PaymentSnapshot, amount: int, *, final: bool = False, before: int = 0) -> Outcome:
        """Take a part of an authorized payment."""
        reference = new_reference()
        command = CapturePayment(
            provider_ref=payment.provider_ref,
            reference=reference,
            amount=amount,
            currency=payment.currency,
            final=final,
            captured_before=before,
        )
        return await self.payments.capture(command, context(reference))

    async def refund(self, payment: PaymentSnapshot, amount: int, *, reference: str | None = None) -> Outcome:
        """Give a part back."""
        ours = reference or new_reference()
        command = CreateRefund(
            reference=ours, payment_ref=payment.provider_ref, amount=amount, currency=payment.currency
        )
        return await self.payments.refund(command, context(ours))

    def payout(self, *, amount: int = 500, destination: str | None = None) -> CreatePayout:
        """A command for a payout that can be made."""
        target = destination or self.scenery.destination
        if target is None:
            pytest.skip("the provider has no destination for payouts")
        return CreatePayout(
            reference=new_reference(), amount=amount, currency=self.scenery.currency, destination=target
        )

    async def pay_out(self, command: CreatePayout | None = None, *, seconds: float = PATIENCE_SECONDS) -> Outcome:
        """Ask for a payout under its reference as key."""
        asked = command or self.payout()
        return await self.payouts.create_payout(asked, context(asked.reference, seconds=seconds))

    async def find(self, reference: str, provider_ref: str | None = None) -> Sighting:
        """Look a payment up."""
        return await self.payments.find_payment(reference, provider_ref, context())

    async def payment_now(self, payment: PaymentSnapshot) -> PaymentSnapshot:
        """As the provider has it now."""
        return payment_in(await self.find(payment.reference, payment.provider_ref))


def payment_in(outcome: Sighting, *kinds: type[Outcome]) -> PaymentSnapshot:
    """The payment that an outcome of one of *kinds* tells of."""
    return _evidence(outcome, PaymentSnapshot, kinds)


def refund_in(outcome: Sighting, *kinds: type[Outcome]) -> RefundSnapshot:
    """The refund that an outcome of one of *kinds* tells of."""
    return _evidence(outcome, RefundSnapshot, kinds)


def payout_in(outcome: Sighting, *kinds: type[Outcome]) -> PayoutSnapshot:
    """The payout that an outcome of one of *kinds* tells of."""
    return _evidence(outcome, PayoutSnapshot, kinds)


def _evidence(outcome: Sighting, kind: type[_Snapshot], kinds: tuple[type[Outcome], ...]) -> _Snapshot:
    allowed = kinds or (Succeeded, Pending, ActionRequired, Declined)
    assert isinstance(outcome, allowed), f"expected {[each.__name__ for each in allowed]}, got {outcome!r}"
    evidence = getattr(outcome, "evidence", None)
    assert isinstance(evidence, kind), f"the evidence is no {kind.__name__}: {outcome!r}"
    assert getattr(outcome, "provider_ref", None) == evidence.provider_ref
    return evidence


def _declared(port: _Port | None, name: str) -> _Port:
    if port is None:
        _skip(f"the adapter has no {name}")
    return port


def _skip(reason: str) -> NoReturn:
    pytest.skip(reason)
