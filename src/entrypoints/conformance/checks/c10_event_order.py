"""C10: events in any order, any number of times, end in the same picture."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, permutations

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CaptureMode, PaymentSnapshot
from entrypoints.conformance.stage import Stage, now

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_ORDERS = 720


def merged(snapshots: Sequence[PaymentSnapshot]) -> PaymentSnapshot:
    """What cumulative facts add up to: of each amount the greatest, of everything else the latest."""
    latest = max(snapshots, key=lambda each: (each.captured, each.authorized, each.updated_at or now()))
    return replace(
        latest,
        authorized=max(each.authorized for each in snapshots),
        captured=max(each.captured for each in snapshots),
    )


async def _told(stage: Stage, payment: PaymentSnapshot) -> list[PaymentSnapshot]:
    """What the provider's own webhooks say about a payment, in the order it sent them."""
    snapshots: list[PaymentSnapshot] = []
    for raw in await stage.account.events_about(payment.provider_ref):
        verified = stage.webhooks.verify(raw, stage.account.webhook_secrets, now=now())
        snapshots += [each for each in stage.webhooks.translate(verified) if isinstance(each, PaymentSnapshot)]
    return [each for each in snapshots if each.provider_ref == payment.provider_ref]


async def _captured_in_parts(stage: Stage) -> PaymentSnapshot:
    stage.need(GatewayOperation.CAPTURE)
    if not stage.gateway.capabilities.require(GatewayOperation.CAPTURE).multiple:
        pytest.skip("the adapter does not declare several captures")
    payment = await stage.paid(1_000, capture=CaptureMode.MANUAL)
    await stage.capture(payment, 200)
    await stage.capture(payment, 300, before=200)
    await stage.capture(payment, 500, before=500, final=True)
    return payment


class TestC10EventOrder:
    """Webhooks are hints, and come as they like."""

    async def test_events_in_any_order_and_twice_end_the_same(self, stage: Stage) -> None:
        told = await _told(stage, await _captured_in_parts(stage))
        assert len(told) >= 3
        expected = merged(told)
        assert expected.captured == 1_000
        for order in islice(permutations(told), MOST_ORDERS):
            assert merged(order) == expected
            assert merged([*order, order[0]]) == expected

    async def test_events_say_what_is_so_in_all_not_what_was_added(self, stage: Stage) -> None:
        told = await _told(stage, await _captured_in_parts(stage))
        assert [each.captured for each in told] == sorted(each.captured for each in told)
        assert [each.captured for each in told][-3:] == [200, 500, 1_000]

    async def test_an_event_says_what_a_look_up_says(self, stage: Stage) -> None:
        payment = await _captured_in_parts(stage)
        last = (await _told(stage, payment))[-1]
        seen = await stage.payment_now(payment)
        assert (last.reference, last.status, last.captured) == (seen.reference, seen.status, seen.captured)

    async def test_translating_twice_says_the_same(self, stage: Stage) -> None:
        payment = await _captured_in_parts(stage)
        assert await _told(stage, payment) == await _told(stage, payment)

    async def test_every_event_has_an_id_of_its_own(self, stage: Stage) -> None:
        payment = await _captured_in_parts(stage)
        events = await stage.account.events_about(payment.provider_ref)
        secrets = stage.account.webhook_secrets
        seen = {
            (each.event_id, each.body) for each in (stage.webhooks.verify(raw, secrets, now=now()) for raw in events)
        }
        assert len({event_id for event_id, _ in seen}) == len({body for _, body in seen})
