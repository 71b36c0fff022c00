"""C07: what is unknown is found out, and happened once at most."""

from dataclasses import replace

import pytest

from core.domain.gateway_capabilities import GatewayOperation, LookUp
from core.domain.outcomes import Absent, Conflict, Pending, Succeeded, Unknown
from entrypoints.conformance.fault_proxy import Ending, Fault, canned
from entrypoints.conformance.stage import Stage, context, new_reference, payment_in, payout_in, refund_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = 0.4
_HTML_404 = canned(404, b"<html>not found</html>", content_type="text/html")
_TELLS_NOTHING = {
    "500": Fault(answer=canned(500)),
    "HTML 404": Fault(answer=_HTML_404),
    "garbage": Fault(answer=canned(200, b"{")),
    "an empty object": Fault(answer=canned(200, b"{}")),
    "dropped": Fault(ending=Ending.CLOSE),
    "401": Fault(answer=canned(401, b'{"error": {"type": "authentication", "code": "no"}}')),
    "429": Fault(answer=canned(429, b"{}")),
}


def _look_up(stage: Stage, operation: GatewayOperation) -> LookUp:
    look_up = stage.gateway.capabilities.require(operation).look_up
    if look_up is LookUp.NONE:
        pytest.skip("the adapter declares no look-up")
    return look_up


class TestC07Recovery:
    """After Unknown."""

    @pytest.mark.parametrize("ending", [Ending.CLOSE, Ending.RESET, Ending.HALF, Ending.SILENCE])
    async def test_repeating_with_the_same_key_has_one_effect(self, stage: Stage, ending: Ending) -> None:
        command = stage.payment()
        stage.proxy.next(Fault(ending=ending))
        assert isinstance(await stage.pay(command, seconds=SOON), Unknown)
        payment = payment_in(await stage.pay(command), Succeeded)
        effects = await stage.account.effects(command.reference)
        assert (effects.objects, effects.amounts["captured"]) == (1, payment.captured)

    async def test_a_look_up_finds_what_happened(self, stage: Stage) -> None:
        _look_up(stage, GatewayOperation.CREATE_PAYMENT)
        command = stage.payment()
        stage.proxy.next(Fault(ending=Ending.CLOSE))
        assert isinstance(await stage.pay(command), Unknown)
        found = payment_in(await stage.find(command.reference), Succeeded)
        assert (found.reference, found.captured) == (command.reference, 1_000)
        assert payment_in(await stage.find(command.reference, found.provider_ref), Succeeded) == found

    async def test_refunds_and_payouts_are_found_too(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment, reference = await stage.paid(), new_reference()
        stage.proxy.next(Fault(ending=Ending.CLOSE))
        assert isinstance(await stage.refund(payment, 400, reference=reference), Unknown)
        refund = refund_in(await stage.payments.find_refund(reference, None, context()), Succeeded, Pending)
        assert refund.amount == 400
        stage.need(GatewayOperation.CREATE_PAYOUT)
        await stage.account.fund(10_000)
        command = stage.payout()
        stage.proxy.next(Fault(ending=Ending.CLOSE))
        assert isinstance(await stage.pay_out(command), Unknown)
        payout = payout_in(await stage.payouts.find_payout(command.reference, None, context()), Succeeded, Pending)
        assert payout.amount == command.amount

    async def test_absence_is_proof_only_where_that_is_declared(self, stage: Stage) -> None:
        proves = _look_up(stage, GatewayOperation.CREATE_PAYMENT) is LookUp.AUTHORITATIVE_INCLUDING_ABSENCE
        assert await stage.find(new_reference()) == Absent(authoritative=proves)
        command = stage.payment()
        stage.proxy.next(Fault(reaches_provider=False, ending=Ending.CLOSE))
        assert isinstance(await stage.pay(command), Unknown)
        assert await stage.find(command.reference) == Absent(authoritative=proves)

    async def test_absence_is_not_claimed_where_it_is_not_declared(self, stage: Stage) -> None:
        if stage.gateway.capabilities.supports(GatewayOperation.CREATE_PAYOUT):
            proves = _look_up(stage, GatewayOperation.CREATE_PAYOUT) is LookUp.AUTHORITATIVE_INCLUDING_ABSENCE
            found = await stage.payouts.find_payout(new_reference(), None, context())
            assert found == Absent(authoritative=proves)

    @pytest.mark.parametrize("fault", _TELLS_NOTHING.values(), ids=[name.replace(" ", "_") for name in _TELLS_NOTHING])
    async def test_a_look_up_that_fails_tells_nothing(self, stage: Stage, fault: Fault) -> None:
        _look_up(stage, GatewayOperation.CREATE_PAYMENT)
        payment = await stage.paid()
        stage.proxy.always(fault)
        for provider_ref in (None, payment.provider_ref):
            found = await stage.find(payment.reference, provider_ref)
            assert isinstance(found, Unknown) or found == Absent(authoritative=False), repr(found)

    async def test_a_look_up_that_is_not_sent_tells_nothing(self, stage: Stage) -> None:
        payment = await stage.paid()
        stage.proxy.refuse()
        assert isinstance(await stage.find(payment.reference), Unknown)

    async def test_two_payments_with_our_reference_are_a_conflict(self, stage: Stage) -> None:
        _look_up(stage, GatewayOperation.CREATE_PAYMENT)
        command = stage.payment()
        for _ in range(2):
            await stage.payments.create_payment(command, context(new_reference()))
        if (await stage.account.effects(command.reference)).objects < 2:
            pytest.skip("the provider lets no reference be used twice")
        assert isinstance(await stage.find(command.reference), Conflict)

    async def test_somebody_elses_object_is_a_conflict(self, stage: Stage) -> None:
        _look_up(stage, GatewayOperation.CREATE_PAYMENT)
        payment = await stage.paid()
        found = await stage.find(replace(payment, reference=new_reference()).reference, payment.provider_ref)
        assert isinstance(found, Conflict), repr(found)
