"""Receivers that fail: what is sent again, when, for how long, and what happens to the endpoint."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from adapters.system.clock import SystemClock
from core.application.webhooks.deliver_webhooks import ATTEMPT_TIMEOUT_SECONDS
from core.domain.errors import Unavailable
from core.domain.webhook_deliveries import DeliveryStatus
from core.domain.webhook_endpoints import DisabledReason, EndpointStatus
from core.domain.webhook_schedule import DELAYS_SECONDS
from integration.webhooks.listener import HANG, Listener, answer
from integration.webhooks.tenants import Hook, Subscriber
from ports.unit_of_work import UnitOfWork

FAILED, OK = answer(500), answer(200)


async def test_what_fails_is_sent_again_on_the_schedule_and_given_up_after_the_tenth_attempt(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(FAILED)
    (event_id,) = await shop.happens("order.placed")

    for number, delay in enumerate(DELAYS_SECONDS):
        if delay:
            await shop.later(seconds=delay - 2)
            assert (await shop.deliver(hook)).attempts == 0, f"attempt {number + 1} came too early"
            await shop.later(seconds=2)
        assert (await shop.deliver(hook)).attempts == 1, f"attempt {number + 1} did not come"

    (stored,) = await shop.deliveries(hook)
    assert stored.delivery.status is DeliveryStatus.FAILED
    assert stored.last_status == 500
    assert hook.message_ids == [event_id] * 10
    assert len({heard.body for heard in hook.heard}) == 1
    assert all(heard.verified(hook.secret) for heard in hook.heard)
    assert [attempt.status for attempt in await shop.attempts(hook)] == [500] * 10
    await shop.later(days=2)
    assert (await shop.deliver(hook)).attempts == 0
    assert not await shop.is_due(hook)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500, 503])
async def test_only_2xx_is_success(shop: Subscriber, status: int) -> None:
    hook, elsewhere = await shop.hook(), await shop.hook("order.failed")
    hook.says(answer(status, f"Location: {elsewhere.endpoint.url}"), answer(204))
    await shop.happens("order.placed")

    await shop.deliver(hook)
    (stored,) = await shop.deliveries(hook)
    assert (stored.delivery.status, stored.last_status) == (DeliveryStatus.PENDING, status)
    await shop.later(seconds=6)
    await shop.deliver(hook)

    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED]
    assert elsewhere.heard == []


async def test_who_answers_410_is_disabled_and_the_others_are_told(shop: Subscriber) -> None:
    hook, other = await shop.hook("order.*"), await shop.hook("webhook_endpoint.*")
    hook.says(answer(410))
    await shop.happens(*["order.placed"] * 12)

    await shop.deliver(hook)
    await shop.relay()
    await shop.deliver(other)

    endpoint = await shop.endpoint(hook)
    assert (endpoint.status, endpoint.disabled_reason) == (EndpointStatus.DISABLED, DisabledReason.GONE)
    assert await shop.statuses(hook) == [DeliveryStatus.CANCELED] * 12
    assert len(hook.heard) == 8
    (told,) = other.heard
    message = told.verified(other.secret)
    assert message["type"] == "webhook_endpoint.disabled"
    assert message["data"] == {"endpoint_id": str(endpoint.id), "url": endpoint.url, "reason": "gone"}
    await shop.happens("order.placed")
    assert len(await shop.deliveries(hook)) == 12


async def test_five_days_of_nothing_but_failure_disable_an_endpoint(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(FAILED)
    await shop.happens("order.placed")
    await shop.deliver(hook)

    await shop.later(days=4, hours=23)
    await shop.deliver(hook)
    assert (await shop.endpoint(hook)).status is EndpointStatus.ENABLED
    await shop.later(hours=1, minutes=1)
    await shop.deliver(hook)

    endpoint = await shop.endpoint(hook)
    assert (endpoint.status, endpoint.disabled_reason) == (EndpointStatus.DISABLED, DisabledReason.FAILING)
    assert await shop.statuses(hook) == [DeliveryStatus.CANCELED]


async def test_a_success_in_between_begins_the_five_days_anew(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(FAILED)
    await shop.happens("order.placed")
    await shop.deliver(hook)
    await shop.later(days=4)
    hook.says(OK, FAILED)
    await shop.deliver(hook)
    await shop.happens("order.placed")
    await shop.later(days=4)
    await shop.deliver(hook)

    endpoint = await shop.endpoint(hook)
    assert endpoint.status is EndpointStatus.ENABLED
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED, DeliveryStatus.PENDING]


@pytest.mark.parametrize("status", [429, 502, 504])
async def test_who_asks_for_a_pause_gets_it_for_everything_that_waits(shop: Subscriber, status: int) -> None:
    hook = await shop.hook()
    hook.says(answer(status, "Retry-After: 120"), OK)
    await shop.happens("order.placed")
    await shop.deliver(hook)
    await shop.happens("order.completed")

    await shop.later(seconds=110)
    assert not await shop.is_due(hook)
    assert (await shop.deliver(hook)).attempts == 0
    await shop.later(seconds=11)
    assert await shop.is_due(hook)
    await shop.deliver(hook)

    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED] * 2


async def test_an_endpoint_that_failed_is_tried_with_one_message_and_all_follow_once_it_took_it(
    shop: Subscriber,
) -> None:
    hook = await shop.hook()
    hook.says(FAILED)
    await shop.happens("order.placed")
    await shop.deliver(hook)
    await shop.happens(*["order.placed"] * 20)
    await shop.later(minutes=2)

    failing = await shop.deliver(hook)
    hook.says(OK)
    await shop.later(minutes=5)
    await shop.deliver(hook)

    assert failing.attempts == 1
    assert (await shop.endpoint(hook)).failing_since is None
    assert (await shop.statuses(hook)).count(DeliveryStatus.SUCCEEDED) == 21


async def test_a_receiver_that_is_gone_is_told_from_one_that_fails(shop: Subscriber) -> None:
    hook = await shop.hook()
    unplugged = replace(hook.endpoint, url="http://127.0.0.1:1/nobody")
    async with shop.container.unit_of_work() as work:
        await work.webhook_endpoints.save(unplugged)
        await work.commit()
    await shop.happens("order.placed")

    await shop.deliver(hook)

    (stored,) = await shop.deliveries(hook)
    assert (stored.last_status, stored.last_error) == (None, "connection_refused")


async def deliver_and_die(shop: Subscriber, hook: Hook, listener: Listener) -> None:
    """A worker that is killed once the receiver has heard the message."""
    hook.says(HANG)
    heard_before = len(hook.heard)
    worker = asyncio.create_task(shop.deliver(hook))
    await listener.wait_until(lambda: len(hook.heard) > heard_before)
    worker.cancel()
    await asyncio.wait([worker])
    hook.says(OK)


async def test_what_a_dead_worker_had_claimed_is_sent_again_later_with_the_same_id(
    shop: Subscriber, listener: Listener
) -> None:
    hook = await shop.hook()
    (event_id,) = await shop.happens("order.placed")
    await deliver_and_die(shop, hook, listener)

    assert (await shop.deliver(hook)).attempts == 0
    await shop.later(seconds=31)
    assert await shop.is_due(hook)
    await shop.deliver(hook)

    assert hook.message_ids == [event_id, event_id]
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED]
    assert [attempt.attempt for attempt in await shop.attempts(hook)] == [2]


async def test_an_outcome_that_comes_after_another_worker_took_over_is_dropped(
    shop: Subscriber, listener: Listener
) -> None:
    hook = await shop.hook()
    hook.says(HANG)
    await shop.happens("order.placed")
    slow = asyncio.create_task(shop.deliver(hook))
    await listener.wait_until(lambda: len(hook.heard) == 1)

    await shop.later(seconds=31)
    hook.says(FAILED)
    await shop.deliver(hook)
    listener.go_on()  # the first attempt is answered 200, too late
    await slow

    (stored,) = await shop.deliveries(hook)
    assert (stored.delivery.status, stored.last_status, stored.delivery.attempts) == (DeliveryStatus.PENDING, 500, 1)
    assert [attempt.status for attempt in await shop.attempts(hook)] == [500]


async def test_what_was_taken_is_written_down_while_another_message_of_the_wave_hangs(
    shop: Subscriber, listener: Listener
) -> None:
    """A worker that dies then repeats one message, and not eight."""
    hook = await shop.hook()
    hook.says(HANG, OK)
    await shop.happens(*["order.placed"] * 4)
    job = asyncio.create_task(shop.deliver(hook))

    async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS - 1):
        while (await shop.statuses(hook)).count(DeliveryStatus.SUCCEEDED) != 3:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)

    assert not job.done()
    listener.go_on()
    await job
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED] * 4


@dataclass
class SleepyClock(SystemClock):
    """Of a worker that is stopped, and runs on later, between its claim and the sending."""

    asked: int = 0

    def monotonic(self) -> float:
        """The moment before the claim first, and then one beyond the deadline."""
        self.asked += 1
        return super().monotonic() + (ATTEMPT_TIMEOUT_SECONDS + 1 if self.asked > 3 else 0)


async def test_a_worker_that_slept_through_its_lease_sends_nothing(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")

    await replace(shop.deliverer(), clock=SleepyClock())(shop.id, hook.endpoint.id)

    assert hook.heard == []
    (stored,) = await shop.deliveries(hook)
    assert (stored.delivery.status, stored.delivery.attempts, stored.fence) == (DeliveryStatus.PENDING, 0, 1)
    await shop.later(seconds=31)
    await shop.deliver(hook)
    assert await shop.statuses(hook) == [DeliveryStatus.SUCCEEDED]


async def test_an_outcome_whose_commit_was_answered_by_nobody_counts_once(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(FAILED)
    await shop.happens("order.placed")
    begun = count()

    def losing_the_third_answer(*, trace_id: str | None = None) -> UnitOfWork:
        work = shop.container.unit_of_work(trace_id=trace_id)
        commit = work.commit

        async def commit_and_lose_the_answer() -> None:
            await commit()
            raise Unavailable("the connection was lost")

        if next(begun) == 2:  # of the claim, the message as it is kept, and the outcome
            work.commit = commit_and_lose_the_answer  # type: ignore[method-assign]  # nothing else loses it so late
        return work

    await replace(shop.deliverer(), unit_of_work=losing_the_third_answer)(shop.id, hook.endpoint.id)

    (stored,) = await shop.deliveries(hook)
    assert (stored.delivery.attempts, stored.last_status) == (1, 500)
    assert len(await shop.attempts(hook)) == len(hook.heard) == 1


async def test_a_backlog_of_any_length_is_canceled_by_the_job_of_a_deleted_endpoint(
    shop: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.application.webhooks.delete_endpoint.CANCELED_AT_ONCE", 2)
    monkeypatch.setattr("core.application.webhooks.deliver_webhooks.CANCELED_AT_ONCE", 2)
    hook = await shop.hook()
    await shop.happens(*["order.placed"] * 5)

    await shop.container.delete_webhook_endpoint()(shop.id, hook.endpoint.id)
    assert (await shop.statuses(hook)).count(DeliveryStatus.CANCELED) == 2
    await shop.owner.execute(
        "UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at + interval '1 day'"
        " WHERE status = 'pending' AND endpoint_id = $1",
        hook.endpoint.id,
    )
    jobs = 0
    while await shop.is_due(hook):
        await shop.deliver(hook)
        jobs += 1

    assert jobs == 2
    assert await shop.statuses(hook) == [DeliveryStatus.CANCELED] * 5
    assert hook.heard == []


async def test_an_endpoint_whose_job_is_a_dead_letter_waits_for_an_operator(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.owner.execute(
        "INSERT INTO dead_letters (tenant_id, id, queue, job_key, name, arguments, attempts, reason, history, died_at)"
        " VALUES ($1, $2, 'jobs', $3, 'webhooks.deliver', '{}', 5, 'why', '[]', now())",
        shop.id,
        hook.endpoint.id,
        f"webhooks.deliver:{hook.endpoint.id}",
    )
    assert not await shop.is_due(hook)

    await shop.owner.execute(
        "UPDATE dead_letters SET status = 'redriven', closed_at = now() WHERE tenant_id = $1", shop.id
    )

    assert await shop.is_due(hook)


async def test_each_attempt_is_signed_for_its_own_moment(shop: Subscriber) -> None:
    hook = await shop.hook()
    hook.says(FAILED, OK)
    await shop.happens("order.placed")
    before = int(datetime.now(UTC).timestamp())
    await shop.deliver(hook)
    await shop.later(seconds=6)
    await asyncio.sleep(1.01)  # a second must pass, as signatures count in whole ones
    await shop.deliver(hook)

    first, second = (int(heard.headers["webhook-timestamp"]) for heard in hook.heard)
    assert before <= first < second <= before + timedelta(minutes=1).total_seconds()
    assert hook.heard[0].headers["webhook-signature"] != hook.heard[1].headers["webhook-signature"]
