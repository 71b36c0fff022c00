"""One message that our own side cannot tell, send or write down: the others go on, and it says why it did not."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from core.application.webhooks.record_outcomes import Outcome, OutcomeRecorder
from core.domain.webhook_answers import DeliveryAnswer
from core.domain.webhook_deliveries import DeliveryStatus
from core.domain.webhook_endpoints import WebhookEndpoint
from integration.webhooks.listener import HANG, Listener
from integration.webhooks.tenants import Hook, Subscriber
from ports.webhook_sender import WebhookSender

SUCCEEDED, FAILED, PENDING = DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.PENDING


class ProgramError(Exception):
    """A mistake of ours."""


@dataclass
class SenderWithAFault:
    """Fails at one message; lets the others through."""

    real: WebhookSender
    at: str

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float
    ) -> DeliveryAnswer:
        """Raise what no sender should."""
        if headers["webhook-id"] == self.at:
            raise ProgramError("a mistake of ours")
        return await self.real.send(url, headers, body, timeout_seconds=timeout_seconds)


async def errors_of(shop: Subscriber, hook: Hook) -> list[tuple[DeliveryStatus, str | None]]:
    return [(stored.delivery.status, stored.last_error) for stored in await shop.deliveries(hook)]


async def test_one_that_cannot_be_sent_stops_none_that_is_sent_beside_it(shop: Subscriber, listener: Listener) -> None:
    hook = await shop.hook()
    hook.says(HANG)
    happened = await shop.happens(*["order.placed"] * 4)
    deliverer = shop.deliverer()
    job = asyncio.create_task(
        replace(deliverer, sender=SenderWithAFault(deliverer.sender, happened[1]))(shop.id, hook.endpoint.id)
    )

    await listener.wait_until(lambda: len(hook.heard) == 3)
    listener.go_on()  # the fault came before: the three were being sent all the while
    done = await job

    assert [str(fault) for fault in done.faults] == ["a mistake of ours"]
    assert sorted(hook.message_ids) == sorted([happened[0], *happened[2:]])
    well = (SUCCEEDED, None)
    assert await errors_of(shop, hook) == [well, (PENDING, "internal_fault"), well, well]

    await shop.later(seconds=6)
    await shop.deliver(hook)
    assert await shop.statuses(hook) == [SUCCEEDED] * 4


async def test_a_fault_of_ours_is_not_held_against_the_endpoint(shop: Subscriber) -> None:
    hook = await shop.hook()
    (message,) = await shop.happens("order.placed")
    deliverer = shop.deliverer()

    await replace(deliverer, sender=SenderWithAFault(deliverer.sender, message))(shop.id, hook.endpoint.id)

    assert await errors_of(shop, hook) == [(PENDING, "internal_fault")]
    endpoint = await shop.endpoint(hook)
    assert (endpoint.failing_since, endpoint.resume_at) == (None, None)


async def test_events_that_cannot_be_told_are_given_up_with_their_reason_and_the_others_are_told(
    shop: Subscriber,
) -> None:
    """Thirty in front, more than three waves, and the endpoint is not blamed for them."""
    hook = await shop.hook()
    happened = await shop.happens(*["order.placed"] * 32)
    untellable = "UPDATE events SET payload = $3 WHERE tenant_id = $1 AND position <= $2"
    await shop.owner.execute(untellable, shop.id, shop.positions[29], r'{"user_id": "\ud800"}')

    done = await shop.deliver(hook)

    assert sorted(hook.message_ids) == sorted(happened[30:])
    assert await errors_of(shop, hook) == [(FAILED, "unreadable_event")] * 30 + [(SUCCEEDED, None)] * 2
    assert len(done.faults) == 30
    endpoint = await shop.endpoint(hook)
    assert (endpoint.failing_since, endpoint.resume_at) == (None, None)
    assert not await shop.is_due(hook)


async def test_an_event_that_was_mended_is_told_by_a_redelivery(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed")
    await shop.owner.execute("UPDATE events SET payload = $2 WHERE tenant_id = $1", shop.id, r'{"user_id": "\ud800"}')
    await shop.deliver(hook)
    await shop.owner.execute("UPDATE events SET payload = $2 WHERE tenant_id = $1", shop.id, '{"user_id": "alice"}')
    (stored,) = await shop.deliveries(hook)

    await shop.container.redeliver_webhooks().one(shop.id, stored.delivery.id)
    await shop.deliver(hook)

    assert hook.heard[0].verified(hook.secret)["data"] == {"user_id": "alice"}
    assert await shop.statuses(hook) == [SUCCEEDED]


async def test_a_delivery_whose_event_is_not_there_is_given_up(shop: Subscriber) -> None:
    hook = await shop.hook()
    await shop.happens("order.placed", "order.placed")
    await shop.owner.execute("DELETE FROM events WHERE tenant_id = $1 AND position = $2", shop.id, shop.positions[0])

    await shop.deliver(hook)

    assert await errors_of(shop, hook) == [(FAILED, "unreadable_event"), (SUCCEEDED, None)]


async def test_an_outcome_that_cannot_be_written_down_stops_none_that_comes_after_it(
    shop: Subscriber, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = await shop.hook()
    hook.says(b"HTTP/1.1 200 Said\r\nContent-Length: 0\r\n\r\n", HANG)
    await shop.happens(*["order.placed"] * 3)
    record = OutcomeRecorder.__call__
    failed = asyncio.Event()

    async def failing_once(self: OutcomeRecorder, *given: object) -> None:
        if not failed.is_set():
            failed.set()
            raise ProgramError("a mistake of ours")
        await record(self, *given)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(OutcomeRecorder, "__call__", failing_once)
    job = asyncio.create_task(shop.deliver(hook))
    await failed.wait()
    listener.go_on()

    with pytest.raises(ProgramError):
        await job
    assert sorted(await shop.statuses(hook)) == [PENDING, SUCCEEDED, SUCCEEDED]


async def test_an_outcome_that_cannot_be_written_down_takes_none_with_it_that_was_ready_at_once(
    shop: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = await shop.hook()
    happened = await shop.happens(*["order.placed"] * 3)
    record = OutcomeRecorder.__call__
    all_ready = asyncio.Event()
    together: list[int] = []

    @dataclass
    class SenderOfAllAtOnce:
        """Answers all three in one turn of the loop."""

        begun: int = 0

        async def send(self, *_given: object, **_limits: object) -> DeliveryAnswer:
            self.begun += 1
            if self.begun == len(happened):
                all_ready.set()
            await all_ready.wait()
            return DeliveryAnswer(status=200, error=None, duration_ms=1)

    async def failing_at_one(self: OutcomeRecorder, endpoint: WebhookEndpoint, outcomes: Sequence[Outcome]) -> None:
        together.append(len(outcomes))
        if happened[1] in {outcome.claimed.delivery.message_id for outcome in outcomes}:
            raise ProgramError("a mistake of ours")
        await record(self, endpoint, outcomes)

    monkeypatch.setattr(OutcomeRecorder, "__call__", failing_at_one)

    with pytest.raises(ProgramError):
        await replace(shop.deliverer(), sender=SenderOfAllAtOnce())(shop.id, hook.endpoint.id)

    assert max(together) > 1
    assert await shop.statuses(hook) == [SUCCEEDED, PENDING, SUCCEEDED]
