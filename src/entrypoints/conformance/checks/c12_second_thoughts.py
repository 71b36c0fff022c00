"""C12: what succeeded may fail later, and things happen that nobody here asked for."""

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import (
    PaymentSnapshot,
    ProviderPayoutStatus,
    ProviderRefundStatus,
    RefundSnapshot,
    Snapshot,
)
from core.domain.outcomes import Declined, Pending, Succeeded
from entrypoints.conformance.harness import Happening
from entrypoints.conformance.stage import Stage, context, now, payout_in, refund_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _told(stage: Stage, provider_ref: str) -> list[Snapshot]:
    secrets = stage.account.webhook_secrets
    return [
        snapshot
        for raw in await stage.account.events_about(provider_ref)
        for snapshot in stage.webhooks.translate(stage.webhooks.verify(raw, secrets, now=now()))
    ]


class TestC12SecondThoughts:
    """No success is for ever."""

    async def test_a_refund_that_fails_after_its_success_is_seen(self, stage: Stage) -> None:
        stage.need(GatewayOperation.REFUND)
        payment = await stage.paid()
        refund = refund_in(await stage.refund(payment, 400), Succeeded, Pending)
        await stage.account.make_happen(Happening.REFUND_SUCCEEDS, refund.provider_ref)
        assert (await stage.payment_now(payment)).refunded == 400
        await stage.account.make_happen(Happening.REFUND_FAILS, refund.provider_ref)
        found = await stage.payments.find_refund(refund.reference or "", refund.provider_ref, context())
        assert refund_in(found, Declined).status is ProviderRefundStatus.FAILED
        assert (await stage.payment_now(payment)).refunded == 0
        last = (await _told(stage, refund.provider_ref))[-1]
        assert isinstance(last, RefundSnapshot)
        assert last.status is ProviderRefundStatus.FAILED

    async def test_a_refund_made_in_the_dashboard_is_discovered(self, stage: Stage) -> None:
        payment = await stage.paid()
        await stage.account.make_happen(Happening.REFUND_IN_DASHBOARD, payment.provider_ref)
        seen = await stage.payment_now(payment)
        assert seen.refunded + seen.refund_pending > 0

    async def test_a_payout_that_comes_back_after_it_was_paid_is_seen(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CREATE_PAYOUT)
        await stage.account.fund(10_000)
        command = stage.payout()
        payout = payout_in(await stage.pay_out(command), Succeeded, Pending)
        for happening in (Happening.PAYOUT_LEAVES, Happening.PAYOUT_ARRIVES):
            await stage.account.make_happen(happening, payout.provider_ref)
        paid = await stage.payouts.find_payout(command.reference, payout.provider_ref, context())
        assert payout_in(paid, Succeeded).status is ProviderPayoutStatus.PAID
        await stage.account.make_happen(Happening.PAYOUT_RETURNS, payout.provider_ref)
        returned = await stage.payouts.find_payout(command.reference, payout.provider_ref, context())
        assert payout_in(returned, Declined).status is ProviderPayoutStatus.RETURNED

    async def test_a_payment_that_succeeds_after_its_failure_is_seen(self, stage: Stage) -> None:
        declined = next(iter(stage.scenery.declines), None)
        if declined is None:
            pytest.skip("the provider has no methods that are declined")
        outcome = await stage.pay(stage.payment(method=declined))
        assert isinstance(outcome, Declined)
        assert isinstance(outcome.evidence, PaymentSnapshot)
        await stage.account.make_happen(Happening.PAYMENT_SUCCEEDS_LATE, outcome.evidence.provider_ref)
        assert (await stage.payment_now(outcome.evidence)).captured == 1_000
