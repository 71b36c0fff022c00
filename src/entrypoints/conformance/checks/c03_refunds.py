"""C03: never more goes back than was taken."""

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CaptureMode
from core.domain.outcomes import Pending, Rejected, Succeeded
from entrypoints.conformance.stage import Stage, context, refund_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC03Refunds:
    """Refunds, whole and in parts."""

    async def test_a_payment_is_refunded_whole(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid(1_000)
        refund = refund_in(await stage.refund(payment, 1_000), Succeeded, Pending)
        assert (refund.payment_ref, refund.amount, refund.currency) == (payment.provider_ref, 1_000, payment.currency)
        seen = await stage.payment_now(payment)
        assert seen.refunded + seen.refund_pending == 1_000

    async def test_a_payment_is_refunded_in_parts_up_to_what_was_captured(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        if not stage.gateway.capabilities.require(GatewayOperation.REFUND).multiple:
            pytest.skip("the adapter does not declare it")
        payment = await stage.paid(1_000)
        refunds = [refund_in(await stage.refund(payment, amount), Succeeded, Pending) for amount in (300, 300, 400)]
        assert len({refund.provider_ref for refund in refunds}) == 3
        assert isinstance(await stage.refund(payment, 1), Rejected)

    async def test_more_than_was_captured_cannot_be_refunded(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid(1_000)
        assert isinstance(await stage.refund(payment, 1_001), Rejected)

    @pytest.mark.parametrize("amount", [0, -500])
    async def test_a_refund_that_is_not_positive_is_refused_without_a_call(self, stage: Stage, amount: int) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid(1_000)
        asked = len(stage.proxy.requests)
        assert isinstance(await stage.refund(payment, amount), Rejected)
        assert len(stage.proxy.requests) == asked

    async def test_what_was_not_captured_cannot_be_refunded(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        stage.need(GatewayOperation.CAPTURE)
        payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
        assert isinstance(await stage.refund(payment, 100), Rejected)

    async def test_a_refund_is_found_by_its_reference(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid(1_000)
        made = refund_in(await stage.refund(payment, 250), Succeeded, Pending)
        assert made.reference is not None
        found = refund_in(await stage.payments.find_refund(made.reference, None, context()))
        assert (found.provider_ref, found.amount) == (made.provider_ref, 250)
