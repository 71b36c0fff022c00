"""C10: events in any order, any number of times, end in the same picture."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from itertools import islice, permutations
from uuid import UUID

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CaptureMode, PaymentSnapshot
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, TenantId, WalletId
from core.domain.payments import Payment, PaymentStatus, observe_payment
from entrypoints.conformance.stage import Stage, now

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_ORDERS = 720
_NOBODY, _ONCE = UUID(int=0), datetime(2026, 1, 1, tzinfo=UTC)


def picture(stage: Stage, snapshots: Iterable[PaymentSnapshot]) -> Payment:
    """What the core makes of these events, one after the other: its own rule, not one of the kit's."""
    asked = stage.payment(capture=CaptureMode.MANUAL)
    payment = Payment(
        tenant_id=TenantId(_NOBODY),
        id=PaymentId(_NOBODY),
        wallet_id=WalletId(_NOBODY),
        user_id="nobody",
        asset=asked.currency,
        amount=asked.amount,
        capture=asked.capture,
        gateway_account=GatewayAccountId(_NOBODY),
        method=asked.method,
        return_url=asked.return_url,
        reference=None,
        description=None,
        metadata=None,
        operation_id=OperationId(_NOBODY),
        trace_id="0" * 32,
        created_at=_ONCE,
        expires_at=_ONCE,
        updated_at=_ONCE,
    )
    return reduce(lambda known, seen: observe_payment(known, seen, now=_ONCE), snapshots, payment)


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
        expected = picture(stage, told)
        assert (expected.status, expected.captured) == (PaymentStatus.CAPTURED, 1_000)
        assert expected.review is None
        for order in islice(permutations(told), MOST_ORDERS):
            assert picture(stage, order) == expected
            assert picture(stage, [*order, order[0]]) == expected
            assert picture(stage, [*told, *order]) == expected

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
