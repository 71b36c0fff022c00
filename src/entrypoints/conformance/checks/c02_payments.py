"""C02: authorizing, capturing in parts, canceling."""

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CancelPayment, CaptureMode, PaymentSnapshot, ProviderPaymentStatus
from core.domain.outcomes import Outcome, Rejected, Succeeded
from entrypoints.conformance.stage import Stage, context, payment_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _cancel(stage: Stage, payment: PaymentSnapshot) -> Outcome:
    return await stage.payments.cancel(CancelPayment(provider_ref=payment.provider_ref), context())


class TestC02Payments:
    """The life of a payment."""

    async def test_an_automatic_payment_is_captured_at_once(self, stage: Stage) -> None:
        payment = await stage.paid(1_000)
        assert payment.status is ProviderPaymentStatus.CAPTURED
        assert (payment.amount, payment.authorized, payment.captured) == (1_000, 1_000, 1_000)
        assert payment.currency == stage.scenery.currency

    async def test_a_manual_payment_is_authorized_and_captured_on_request(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CAPTURE)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        assert (payment.status, payment.captured) == (ProviderPaymentStatus.AUTHORIZED, 0)
        captured = payment_in(await stage.capture(payment, 1_000, final=True), Succeeded)
        assert (captured.status, captured.captured) == (ProviderPaymentStatus.CAPTURED, 1_000)

    async def test_a_partial_final_capture_lets_go_of_the_rest(self, stage: Stage) -> None:
        _need(stage, partial=True)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        captured = payment_in(await stage.capture(payment, 400, final=True), Succeeded)
        assert (captured.status, captured.captured) == (ProviderPaymentStatus.CAPTURED, 400)

    async def test_a_payment_is_captured_in_several_parts(self, stage: Stage) -> None:
        _need(stage, multiple=True)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        first = payment_in(await stage.capture(payment, 400), Succeeded)
        assert (first.status, first.captured) == (ProviderPaymentStatus.PARTIALLY_CAPTURED, 400)
        second = payment_in(await stage.capture(payment, 600, final=True, before=400), Succeeded)
        assert (second.status, second.captured) == (ProviderPaymentStatus.CAPTURED, 1_000)

    async def test_more_than_is_authorized_cannot_be_captured(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CAPTURE)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        assert isinstance(await stage.capture(payment, 1_001, final=True), Rejected)
        assert (await stage.payment_now(payment)).captured == 0

    async def test_a_payment_is_canceled_before_it_is_captured(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CANCEL)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        canceled = payment_in(await _cancel(stage, payment), Succeeded)
        assert canceled.status is ProviderPaymentStatus.CANCELED

    async def test_a_captured_payment_cannot_be_canceled(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CANCEL)
        payment = await stage.paid()
        assert isinstance(await _cancel(stage, payment), Rejected)
        assert (await stage.payment_now(payment)).captured == 1_000

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_an_amount_that_is_not_positive_is_refused_without_a_call(self, stage: Stage, amount: int) -> None:
        assert isinstance(await stage.pay(stage.payment(amount=amount)), Rejected)
        assert stage.proxy.requests == []


def _need(stage: Stage, *, partial: bool = False, multiple: bool = False) -> None:
    stage.need(GatewayOperation.CAPTURE)
    declared = stage.gateway.capabilities.require(GatewayOperation.CAPTURE)
    if (partial and not declared.partial) or (multiple and not declared.multiple):
        pytest.skip("the adapter does not declare it")
