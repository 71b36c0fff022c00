"""C14: what the payer's browser brings back is a hint, and no proof."""

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import ConfirmPayment
from core.domain.outcomes import ActionRequired, Succeeded
from entrypoints.conformance.harness import Happening
from entrypoints.conformance.stage import Stage, context, payment_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC14Return:
    """The return URL."""

    @pytest.mark.parametrize("query", ["?status=succeeded", "?status=succeeded&payment_id=another", ""])
    async def test_a_return_never_marks_paid(self, stage: Stage, query: str) -> None:
        stage.need(GatewayOperation.CONFIRM_PAYMENT)
        if stage.scenery.needs_action is None:
            pytest.skip("the provider has no method that needs the payer to act")
        command = stage.payment(method=stage.scenery.needs_action)
        waiting = payment_in(await stage.pay(command), ActionRequired)
        assert waiting.next_action is not None
        assert waiting.captured == 0
        confirm = ConfirmPayment(provider_ref=waiting.provider_ref, return_url=stage.scenery.return_url + query)
        outcome = await stage.payments.confirm_payment(confirm, context())
        assert not isinstance(outcome, Succeeded), repr(outcome)
        assert payment_in(await stage.find(command.reference)).captured == 0

    async def test_after_the_payer_approved_the_provider_says_so(self, stage: Stage) -> None:
        if stage.scenery.needs_action is None:
            pytest.skip("the provider has no method that needs the payer to act")
        command = stage.payment(method=stage.scenery.needs_action)
        waiting = payment_in(await stage.pay(command), ActionRequired)
        await stage.account.make_happen(Happening.PAYER_APPROVES, waiting.provider_ref)
        assert payment_in(await stage.find(command.reference), Succeeded).captured == 1_000
        if stage.gateway.capabilities.supports(GatewayOperation.CONFIRM_PAYMENT):
            outcome = await stage.payments.confirm_payment(ConfirmPayment(provider_ref=waiting.provider_ref), context())
            assert isinstance(outcome, Succeeded), f"paid, and the return is answered with {outcome!r}"
