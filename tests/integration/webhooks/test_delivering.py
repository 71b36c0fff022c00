"""What a receiver gets: everything it asked for, once, signed, in order."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from core.application.webhooks.deliver_webhooks import ATTEMPT_TIMEOUT_SECONDS, MAX_AT_ONCE, MAX_ATTEMPTS_A_JOB
from core.application.webhooks.rotate_secret import RotateSecret
from core.domain.webhook_deliveries import DeliveryStatus
from core.domain.webhook_signatures import signed_headers
from integration.webhooks.conftest import MakeSubscriber
from integration.webhooks.listener import HANG, Heard, Listener
from integration.webhooks.tenants import Hook, Subscriber


async def test_a_receiver_gets_every_event_once_wave_after_wave_in_order(shop: Subscriber) -> None:
    hook = await shop.hook()
    happened = await shop.happens(*["order.placed"] * 20)

    round_ = await shop.deliver(hook)

    assert round_.attempts == 20
    assert not round_.may_have_more
    for first in range(0, 20, MAX_AT_ONCE):
        wave = slice(first, first + MAX_AT_ONCE)
        assert sorted(hook.message_ids[wave]) == sorted(happened[wave])
    assert len(hook.message_ids) == 20
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED] * 20
    assert (await shop.deliver(hook)).attempts == 0


async def test_a_message_is_the_event_as_the_log_has_it_and_the_reference_library_trusts_it(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    (event,) = await shop.container.event_log().page(shop.id, after=0, limit=10)

    await shop.deliver(hook)

    (heard,) = hook.heard
    message = heard.verified(hook.secret)
    assert message["type"] == "order.placed"
    assert datetime.fromisoformat(message["timestamp"]) == event.occurred_at
    assert message["data"] == json.loads(event.data)
    assert heard.message_id == str(event.id)
    assert heard.headers["content-type"] == "application/json"


async def test_the_reference_library_refuses_what_was_changed_or_kept_for_too_long(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.deliver(hook)
    (heard,) = hook.heard
    changed = Heard(heard.headers, heard.body.replace(b'"amount":1500', b'"amount":9999'))
    keys = hook.endpoint.signing_keys(datetime.now(UTC))
    six_minutes_ago = datetime.now(UTC) - timedelta(minutes=6)
    old = Heard(signed_headers(heard.message_id, sent_at=six_minutes_ago, body=heard.body, keys=keys), heard.body)

    assert changed.body != heard.body
    for refused, why in ((changed, "No matching signature"), (old, "too old")):
        with pytest.raises(WebhookVerificationError, match=why):
            refused.verified(hook.secret)


async def test_while_a_rotation_lasts_both_secrets_sign_and_then_the_new_one_alone(shop: Subscriber) -> None:
    hook = await shop.hook()
    rotated = await shop.container.rotate_webhook_secret()(
        RotateSecret(tenant_id=shop.id, endpoint_id=hook.endpoint.id, secret=None, overlap=timedelta(hours=24))
    )
    new_secret = rotated.secrets[0].value.reveal()
    await shop.happens("order.placed")
    await shop.deliver(hook)
    await shop.later(hours=24, seconds=1)
    await shop.happens("order.completed")
    await shop.deliver(hook)

    during, afterwards = hook.heard
    assert during.verified(hook.secret) == during.verified(new_secret)
    afterwards.verified(new_secret)
    with pytest.raises(WebhookVerificationError):
        afterwards.verified(hook.secret)


async def test_an_endpoint_hears_of_what_it_asked_for(shop: Subscriber) -> None:
    everything, orders, one = await shop.hook(), await shop.hook("order.*"), await shop.hook("order.failed")
    placed, failed, disabled = await shop.happens("order.placed", "order.failed", "webhook_endpoint.disabled")

    for hook in (everything, orders, one):
        await shop.deliver(hook)

    assert sorted(everything.message_ids) == sorted([placed, failed, disabled])
    assert sorted(orders.message_ids) == sorted([placed, failed])
    assert one.message_ids == [failed]


async def test_a_test_event_goes_to_its_endpoint_alone_whatever_that_asked_for(shop: Subscriber) -> None:
    tested, curious = await shop.hook("order.failed"), await shop.hook("*")

    await shop.container.send_test_event()(shop.id, tested.endpoint.id, trace_id="0" * 32)
    (event_id,) = await shop.relay()
    await shop.deliver(tested)
    await shop.deliver(curious)

    assert tested.message_ids == [event_id]
    assert tested.heard[0].verified(tested.secret)["type"] == "webhook_endpoint.tested"
    assert curious.heard == []


async def test_a_tenant_never_hears_of_another(make_subscriber: MakeSubscriber) -> None:
    ours, theirs = await make_subscriber(), await make_subscriber()
    our_hook, their_hook = await ours.hook(), await theirs.hook()
    happened = await ours.happens("order.placed")

    await ours.deliver(our_hook)
    await theirs.deliver(their_hook)
    stranger = await theirs.deliverer()(theirs.id, our_hook.endpoint.id)

    assert our_hook.message_ids == happened
    assert their_hook.heard == []
    assert stranger.attempts == 0


async def test_an_event_too_large_for_a_webhook_says_where_to_read_it(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed", note="x" * 20_000)
    (event,) = await shop.container.event_log().page(shop.id, after=0, limit=10)

    await shop.deliver(hook)

    message = hook.heard[0].verified(hook.secret)
    assert message["data"] == {"event_id": str(event.id), "position": event.position, "truncated": True}


async def test_two_jobs_at_once_send_each_message_once(shop: Subscriber) -> None:
    hook = await shop.hook()
    happened = await shop.happens(*["order.placed"] * 60)

    rounds = await asyncio.gather(*(shop.deliver(hook) for _ in range(3)))

    assert sorted(hook.message_ids) == sorted(happened)
    assert sum(round_.attempts for round_ in rounds) == 60


async def test_a_job_stops_after_a_hundred_and_says_that_there_may_be_more(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens(*["order.placed"] * 110)

    first = await shop.deliver(hook)
    assert await shop.is_due(hook)
    second = await shop.deliver(hook)

    assert MAX_ATTEMPTS_A_JOB <= first.attempts < MAX_ATTEMPTS_A_JOB + MAX_AT_ONCE
    assert first.may_have_more
    assert first.attempts + second.attempts == 110
    assert not await shop.is_due(hook)


async def test_one_endpoint_that_hangs_keeps_none_of_fifty_others_waiting(shop: Subscriber, listener: Listener) -> None:
    """A worker with eight slots, a job for each endpoint: one hangs in its slot, the others share seven."""
    hooks = [await shop.hook() for _ in range(50)]
    dead, living = hooks[7], hooks[:7] + hooks[8:]
    dead.says(HANG)
    happened = await shop.happens("order.placed", "order.completed")
    assert all([await shop.is_due(hook) for hook in (dead, living[0], living[-1])])

    slots = asyncio.Semaphore(8)

    async def job(hook: Hook) -> None:
        async with slots:
            await shop.deliver(hook)

    jobs = [asyncio.create_task(job(hook)) for hook in hooks]
    hanging = jobs.pop(7)
    async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS - 1):
        await asyncio.gather(*jobs)

    assert not hanging.done()
    assert all(sorted(hook.message_ids) == sorted(happened) for hook in living)
    assert {status for hook in living for status in await shop.statuses(hook)} == {DeliveryStatus.SUCCEEDED}
    assert await shop.statuses(dead) == [DeliveryStatus.PENDING] * 2
    listener.go_on()
    await hanging
