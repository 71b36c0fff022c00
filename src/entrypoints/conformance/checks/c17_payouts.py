"""C17: paying out: made, polled, canceled, failed, returned; never twice."""

from dataclasses import replace

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import PayoutSnapshot, ProviderPayoutStatus
from core.domain.outcomes import Declined, Pending, Rejected, Sighting, Succeeded
from entrypoints.conformance.harness import Happening
from entrypoints.conformance.stage import Stage, context, payout_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _made(stage: Stage) -> PayoutSnapshot:
    stage.need(GatewayOperation.CREATE_PAYOUT)
    await stage.account.fund(10_000)
    return payout_in(await stage.pay_out(), Pending, Succeeded)


async def _now(stage: Stage, payout: PayoutSnapshot) -> Sighting:
    return await stage.payouts.find_payout(payout.reference, payout.provider_ref, context())


class TestC17Payouts:
    """The life of a payout."""

    async def test_a_payout_is_polled_until_it_is_paid(self, stage: Stage) -> None:
        payout = await _made(stage)
        assert payout.amount == 500
        assert isinstance(await _now(stage, payout), Pending)
        await stage.account.make_happen(Happening.PAYOUT_LEAVES, payout.provider_ref)
        assert payout_in(await _now(stage, payout), Pending).status is ProviderPayoutStatus.IN_TRANSIT
        await stage.account.make_happen(Happening.PAYOUT_ARRIVES, payout.provider_ref)
        assert payout_in(await _now(stage, payout), Succeeded).status is ProviderPayoutStatus.PAID

    async def test_a_payout_is_canceled_before_it_leaves(self, stage: Stage) -> None:
        payout = await _made(stage)
        stage.need(GatewayOperation.CANCEL_PAYOUT)
        canceled = payout_in(await stage.payouts.cancel_payout(payout.provider_ref, context()), Succeeded)
        assert canceled.status is ProviderPayoutStatus.CANCELED
        assert payout_in(await _now(stage, payout), Declined).status is ProviderPayoutStatus.CANCELED

    async def test_a_payout_that_left_cannot_be_canceled(self, stage: Stage) -> None:
        payout = await _made(stage)
        stage.need(GatewayOperation.CANCEL_PAYOUT)
        await stage.account.make_happen(Happening.PAYOUT_LEAVES, payout.provider_ref)
        assert isinstance(await stage.payouts.cancel_payout(payout.provider_ref, context()), Rejected)

    @pytest.mark.parametrize(
        ("happenings", "status"),
        [
            ((Happening.PAYOUT_LEAVES, Happening.PAYOUT_FAILS), ProviderPayoutStatus.FAILED),
            (
                (Happening.PAYOUT_LEAVES, Happening.PAYOUT_ARRIVES, Happening.PAYOUT_RETURNS),
                ProviderPayoutStatus.RETURNED,
            ),
        ],
        ids=["failed", "returned"],
    )
    async def test_a_payout_that_does_not_arrive_says_why(
        self, stage: Stage, happenings: tuple[Happening, ...], status: ProviderPayoutStatus
    ) -> None:
        payout = await _made(stage)
        for happening in happenings:
            await stage.account.make_happen(happening, payout.provider_ref)
        outcome = await _now(stage, payout)
        assert payout_in(outcome, Declined).status is status
        assert isinstance(outcome, Declined)
        assert outcome.failure.code

    async def test_an_unknown_destination_is_refused(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CREATE_PAYOUT)
        if stage.scenery.unknown_destination is None:
            pytest.skip("the harness names none")
        await stage.account.fund(10_000)
        outcome = await stage.pay_out(stage.payout(destination=stage.scenery.unknown_destination))
        assert isinstance(outcome, Rejected | Declined), repr(outcome)

    async def test_an_amount_that_is_not_positive_is_refused_without_a_call(self, stage: Stage) -> None:
        stage.need(GatewayOperation.CREATE_PAYOUT)
        for amount in (0, -1):
            assert isinstance(await stage.pay_out(replace(stage.payout(), amount=amount)), Rejected)
        assert stage.proxy.requests == []
