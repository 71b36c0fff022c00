"""C11: the webhook, the answer and the payer's return come in any order, and capture once."""

import asyncio

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import ConfirmPayment, PaymentSnapshot
from core.domain.outcomes import ActionRequired, Succeeded, Unknown
from entrypoints.conformance.fault_proxy import Ending, Fault
from entrypoints.conformance.harness import Happening
from entrypoints.conformance.stage import Stage, context, now, payment_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


class TestC11Races:
    """Who comes first does not matter."""

    async def test_a_webhook_before_the_answer_names_our_reference(self, stage: Stage) -> None:
        command = stage.payment()
        stage.proxy.next(Fault(ending=Ending.CLOSE))
        assert isinstance(await stage.pay(command), Unknown)
        found = payment_in(await stage.find(command.reference), Succeeded)
        secrets = stage.account.webhook_secrets
        told = [
            snapshot
            for raw in await stage.account.events_about(found.provider_ref)
            for snapshot in stage.webhooks.translate(stage.webhooks.verify(raw, secrets, now=now()))
        ]
        assert told
        assert {each.reference for each in told if isinstance(each, PaymentSnapshot)} == {command.reference}

    async def test_the_payers_return_and_a_poll_at_once_capture_once(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CONFIRM_PAYMENT)
        if stage.scenery.needs_action is None:
            pytest.skip("the provider has no method that needs the payer to act")
        command = stage.payment(method=stage.scenery.needs_action)
        waiting = payment_in(await stage.pay(command), ActionRequired)
        confirm = ConfirmPayment(provider_ref=waiting.provider_ref)
        await stage.account.make_happen(Happening.PAYER_APPROVES, waiting.provider_ref)
        await asyncio.gather(
            *(stage.payments.confirm_payment(confirm, context()) for _ in range(3)),
            *(stage.find(command.reference) for _ in range(3)),
        )
        assert payment_in(await stage.find(command.reference), Succeeded).captured == 1_000
        effects = await stage.account.effects(command.reference)
        assert (effects.objects, effects.amounts["captured"]) == (1, 1_000)
