"""Sending again what has ended."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from adapters.system.clock import SystemClock
from core.application.webhooks.change_endpoint import ChangeEndpoint
from core.domain.identifiers import WebhookDeliveryId
from core.domain.webhook_deliveries import DeliveryStatus, WebhookDeliveryNotFound, WebhookDeliveryPending
from core.domain.webhook_endpoints import EndpointStatus, WebhookEndpointDisabled
from integration.webhooks.listener import HANG, Listener, answer
from integration.webhooks.tenants import Hook, Subscriber
from ports.webhook_delivery_repository import DeliveryRange

OK = answer(200)


class ClockAhead(SystemClock):
    """Of a worker some seconds later: signatures count in whole ones."""

    def now(self) -> datetime:
        """A little ahead."""
        return super().now() + timedelta(seconds=6)


async def gone_and_back(shop: Subscriber, hook: Hook, count: int) -> list[str]:
    """Events that were canceled while the endpoint was gone; it is enabled again, and takes everything."""
    happened = await shop.happens(*["order.placed"] * count)
    for status in (EndpointStatus.DISABLED, EndpointStatus.ENABLED):
        await shop.container.change_webhook_endpoint()(
            ChangeEndpoint(tenant_id=shop.id, endpoint_id=hook.endpoint.id, status=status)
        )
    assert await shop.statuses(hook) == [DeliveryStatus.CANCELED] * count
    return happened


def canceled(hook: Hook, after_position: int = 0, until_position: int | None = None) -> DeliveryRange:
    return DeliveryRange(
        endpoint_id=hook.endpoint.id,
        status=DeliveryStatus.CANCELED,
        after_position=after_position,
        until_position=until_position,
    )


async def test_one_delivery_is_sent_again_with_the_id_and_body_it_had(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.deliver(hook)
    (stored,) = await shop.deliveries(hook)

    again = await shop.container.redeliver_webhooks().one(shop.id, stored.delivery.id)
    assert (again.delivery.status, again.delivery.attempts) == (DeliveryStatus.PENDING, 0)
    assert await shop.is_due(hook)
    await shop.deliver(hook)

    first, second = hook.heard
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED]
    assert len(await shop.attempts(hook)) == 2


async def test_no_retry_and_no_redelivery_ever_has_another_body_or_id(
    shop: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever became of the event, and of the code that tells it, since it was first sent."""
    hook = await shop.hook()
    hook.says(answer(500), OK)
    await shop.happens("order.placed")
    await shop.deliver(hook)

    await shop.owner.execute(
        """UPDATE events SET type = 'order.retold', occurred_at = occurred_at + interval '1 hour',
                  payload = '{"told": "otherwise"}' WHERE tenant_id = $1""",
        shop.id,
    )
    monkeypatch.setattr("core.application.webhooks.compose_messages.event_message", lambda _event: b'{"new": "form"}')
    await shop.later(seconds=6)
    later = replace(shop.deliverer(), clock=ClockAhead())
    await later(shop.id, hook.endpoint.id)
    (stored,) = await shop.deliveries(hook)
    await shop.container.redeliver_webhooks().one(shop.id, stored.delivery.id)
    await later(shop.id, hook.endpoint.id)

    first, retried, redelivered = hook.heard
    assert first.body == retried.body == redelivered.body
    assert first.message_id == retried.message_id == redelivered.message_id
    for heard in hook.heard:
        assert heard.verified(hook.secret)["type"] == "order.placed"
    for signed_anew in ("webhook-timestamp", "webhook-signature"):
        assert first.headers[signed_anew] != retried.headers[signed_anew]


async def test_two_endpoints_are_told_the_same_also_when_one_hears_of_it_first_later(
    shop: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = await shop.hook(), await shop.hook()
    await shop.happens("order.placed")
    await shop.deliver(early)
    monkeypatch.setattr("core.application.webhooks.compose_messages.event_message", lambda _event: b"{}")

    await shop.deliver(late)

    assert early.heard[0].body == late.heard[0].body


async def test_what_is_on_its_way_or_nobodys_is_not_sent_again(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    (stored,) = await shop.deliveries(hook)
    redeliver = shop.container.redeliver_webhooks()

    with pytest.raises(WebhookDeliveryPending):
        await redeliver.one(shop.id, stored.delivery.id)
    with pytest.raises(WebhookDeliveryNotFound):
        await redeliver.one(shop.id, WebhookDeliveryId(uuid4()))


async def test_a_given_up_delivery_gets_its_whole_schedule_again(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(answer(500))
    await shop.happens("order.placed")
    (stored,) = await shop.deliveries(hook)
    await shop.owner.execute("UPDATE webhook_deliveries SET round_attempts = 9 WHERE id = $1", stored.delivery.id)
    await shop.deliver(hook)
    assert await shop.statuses(hook) == [DeliveryStatus.FAILED]

    await shop.container.redeliver_webhooks().one(shop.id, stored.delivery.id)
    await shop.later(minutes=5)
    await shop.deliver(hook)

    (stored,) = await shop.deliveries(hook)
    assert (stored.delivery.status, stored.delivery.attempts) == (DeliveryStatus.PENDING, 1)


async def test_a_range_is_sent_again_by_position_in_order(shop: Subscriber) -> None:
    hook = await shop.hook()
    happened = await gone_and_back(shop, hook, 12)
    positions = [stored.event_position for stored in await shop.deliveries(hook)]

    done = await shop.container.redeliver_webhooks().range(shop.id, canceled(hook, positions[1], positions[10]))
    await shop.deliver(hook)

    assert (done.count, done.next_after_position) == (9, None)
    assert sorted(hook.message_ids) == sorted(happened[2:11])
    assert sorted(hook.message_ids[:8]) == sorted(happened[2:10])


async def test_a_range_is_sent_again_by_time(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.later(hours=1)
    await shop.happens("order.placed")
    await shop.later(hours=1)
    await shop.happens("order.placed")
    await shop.deliver(hook)
    first, second, third = [stored.delivery for stored in await shop.deliveries(hook)]

    done = await shop.container.redeliver_webhooks().range(
        shop.id,
        DeliveryRange(
            endpoint_id=hook.endpoint.id,
            status=DeliveryStatus.SUCCEEDED,
            since=second.created_at,
            until=third.created_at,
        ),
    )

    assert done.count == 1
    assert await shop.statuses(hook) == [
        DeliveryStatus.SUCCEEDED,
        DeliveryStatus.PENDING,
        DeliveryStatus.SUCCEEDED,
    ]
    assert first.created_at < second.created_at < third.created_at


async def test_a_long_range_is_sent_again_portion_by_portion(shop: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.application.webhooks.redeliver.MAX_REDELIVERED_AT_ONCE", 5)
    hook = await shop.hook()
    happened = await gone_and_back(shop, hook, 12)
    redeliver = shop.container.redeliver_webhooks()

    counts: list[int] = []
    after: int | None = 0
    while after is not None:
        done = await redeliver.range(shop.id, canceled(hook, after))
        counts.append(done.count)
        after = done.next_after_position
    await shop.deliver(hook)

    assert counts == [5, 5, 2]
    assert sorted(hook.message_ids) == sorted(happened)


async def test_nothing_is_sent_again_to_a_disabled_endpoint(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.container.change_webhook_endpoint()(
        ChangeEndpoint(tenant_id=shop.id, endpoint_id=hook.endpoint.id, status=EndpointStatus.DISABLED)
    )
    (stored,) = await shop.deliveries(hook)
    redeliver = shop.container.redeliver_webhooks()

    with pytest.raises(WebhookEndpointDisabled):
        await redeliver.one(shop.id, stored.delivery.id)
    with pytest.raises(WebhookEndpointDisabled):
        await redeliver.range(shop.id, canceled(hook))


async def test_an_attempt_from_before_a_redelivery_does_not_count_for_it(shop: Subscriber, listener: Listener) -> None:
    hook = await shop.hook()
    hook.says(HANG)
    await shop.happens("order.placed")
    slow = asyncio.create_task(shop.deliver(hook))
    await listener.wait_until(lambda: len(hook.heard) == 1)
    for status in (EndpointStatus.DISABLED, EndpointStatus.ENABLED):
        await shop.container.change_webhook_endpoint()(
            ChangeEndpoint(tenant_id=shop.id, endpoint_id=hook.endpoint.id, status=status)
        )
    (stored,) = await shop.deliveries(hook)
    assert stored.delivery.status is DeliveryStatus.CANCELED
    await shop.container.redeliver_webhooks().one(shop.id, stored.delivery.id)

    hook.says(OK)
    listener.go_on()
    await slow

    assert len(hook.heard) == 2  # the same job went on, and sent it anew
    assert [attempt.attempt for attempt in await shop.attempts(hook)] == [3]
