"""Events arrive signed, at least once, in no certain order, and again until somebody takes them."""

from collections import Counter

import httpx
import pytest

from integration.simulator.merchants import Merchant, Received, WebhookReceiver

SECRET, NEW_SECRET = "whsec_the_first_one", "whsec_the_second_one"
FAR = 100_000.0


async def listen(
    merchant: Merchant, receiver: WebhookReceiver, *, secrets: tuple[str, ...] = (SECRET,), **more: object
) -> None:
    hooks = [{"url": receiver.url, "secrets": list(secrets)}]
    await merchant.set_up(webhooks=hooks, webhook_behaviour=more)


def types(received: list[Received]) -> list[str]:
    return [each.event["type"] for each in received]


async def settle(merchant: Merchant) -> None:
    assert await merchant.simulator.control("POST", "/webhooks/settle") == {"idle": True}


async def test_an_event_tells_what_happened_and_is_signed(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver)
    payment = (await merchant.pay()).json()
    (received,) = await receiver.until_count(1)
    assert received.event["type"] == "payment.captured"
    assert received.event["account"] == merchant.account_id
    assert received.event["data"]["object"] == payment
    assert received.signed_with(SECRET)
    assert not received.signed_with(NEW_SECRET)


async def test_while_secrets_are_rotated_both_sign(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver, secrets=(SECRET, NEW_SECRET))
    await merchant.pay()
    (received,) = await receiver.until_count(1)
    assert received.signed_with(SECRET)
    assert received.signed_with(NEW_SECRET)


async def test_a_retry_is_signed_with_the_secrets_of_then(merchant: Merchant, receiver: WebhookReceiver) -> None:
    receiver.statuses = [500]
    await listen(merchant, receiver, first_retry_seconds=FAR)
    await merchant.pay()
    await receiver.until_count(1)
    await settle(merchant)
    await listen(merchant, receiver, secrets=(NEW_SECRET,), first_retry_seconds=FAR)
    await merchant.simulator.advance_clock(FAR)
    first, second = await receiver.until_count(2)
    assert first.body == second.body
    assert (second.signed_with(SECRET), second.signed_with(NEW_SECRET)) == (False, True)


@pytest.mark.parametrize("status", [500, 404, 302, 410])
async def test_whatever_is_not_2xx_is_tried_again_until_it_is(
    merchant: Merchant, receiver: WebhookReceiver, status: int
) -> None:
    receiver.statuses = [status, status]
    await listen(merchant, receiver, first_retry_seconds=0.05)
    await merchant.pay()
    received = await receiver.until_count(3)
    assert len({each.body for each in received}) == 1
    await settle(merchant)
    (delivery,) = (
        await merchant.simulator.control("GET", "/webhooks/deliveries", query={"account": merchant.account_id})
    )["data"]
    assert (delivery["status"], delivery["attempts"], delivery["outcome"]) == ("delivered", 3, "200")


async def test_retries_end_and_somebody_can_send_it_again(merchant: Merchant, receiver: WebhookReceiver) -> None:
    receiver.statuses = [500, 500]
    await listen(merchant, receiver, max_attempts=2, first_retry_seconds=0.01)
    await merchant.pay()
    first, _ = await receiver.until_count(2)
    await settle(merchant)
    (delivery,) = (
        await merchant.simulator.control("GET", "/webhooks/deliveries", query={"account": merchant.account_id})
    )["data"]
    assert delivery["status"] == "given_up"
    await merchant.simulator.control("POST", f"/webhooks/events/{first.event['id']}/send_again")
    assert (await receiver.until_count(3))[2].body == first.body


async def test_nobody_listening_is_tried_again_too(merchant: Merchant) -> None:
    receiver = WebhookReceiver()
    await listen(merchant, receiver, first_retry_seconds=FAR)
    await merchant.pay()
    await settle(merchant)
    async with receiver:
        await merchant.simulator.advance_clock(FAR)
        await receiver.until_count(1)


async def test_duplicates_are_the_same_event(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver, duplicate_percent=100)
    for _ in range(5):
        await merchant.pay()
    received = await receiver.until_count(10)
    assert set(Counter(each.event["id"] for each in received).values()) == {2}
    assert len({each.body for each in received}) == 5


async def test_dropped_events_never_come(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver, drop_percent=100)
    await merchant.pay()
    await settle(merchant)
    assert receiver.received == []
    await merchant.simulator.control("PUT", f"/accounts/{merchant.account_id}/webhook_behaviour", {})
    await merchant.pay(reference="heard")
    (received,) = await receiver.until_count(1)
    assert received.event["data"]["object"]["reference"] == "heard"


async def test_events_wait_for_their_delay_and_overtake_each_other(
    merchant: Merchant, receiver: WebhookReceiver
) -> None:
    await listen(merchant, receiver, delay_seconds=3600, reorder_window_seconds=3600)
    for number in range(12):
        await merchant.pay(reference=f"n{number:02}")
    await settle(merchant)
    assert receiver.received == []
    await merchant.simulator.advance_clock(7200)
    received = await receiver.until_count(12)
    order = [each.event["data"]["object"]["reference"] for each in received]
    assert order != sorted(order)
    assert sorted(order) == [f"n{number:02}" for number in range(12)]


async def test_an_event_may_overtake_the_answer(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver)
    with pytest.raises(httpx.ReadTimeout):
        await merchant.client.post(
            "/v1/payments",
            json={"reference": "r", "amount": 5, "currency": "USD", "payment_method": "pm_card_ok"},
            headers={"Mock-Scenario": "slow_answer; seconds=30"},
            timeout=0.5,
        )
    (received,) = await receiver.until_count(1)
    assert received.event["data"]["object"]["reference"] == "r"


async def test_what_happens_later_is_told_too(merchant: Merchant, receiver: WebhookReceiver) -> None:
    await listen(merchant, receiver)
    await merchant.simulator.control(
        "POST", f"/accounts/{merchant.account_id}/fund", {"amount": 9000, "currency": "USD"}
    )
    bank = (await merchant.pay("pm_bank_async")).json()
    assert bank["status"] == "processing"
    payout = {"reference": "p", "amount": 500, "currency": "USD", "destination": "ba_returned"}
    assert (await merchant.post("/v1/payouts", payout)).status_code == 201
    card = (await merchant.pay("pm_card_refund_fails_late")).json()
    await merchant.post(f"/v1/payments/{card['id']}/refunds", {"reference": "refund-1"})
    await merchant.simulator.advance_clock(6 * 86_400)
    expected = Counter(
        {
            "payment.processing": 1,
            "payment.captured": 2,
            **dict.fromkeys(["payout.pending", "payout.in_transit", "payout.paid", "payout.returned"], 1),
            **dict.fromkeys(["refund.pending", "refund.succeeded", "refund.failed"], 1),
        }
    )
    received = await receiver.until_count(expected.total())
    await settle(merchant)
    assert Counter(types(received)) == expected


async def test_a_refund_in_the_providers_dashboard_is_heard_of(merchant: Merchant, receiver: WebhookReceiver) -> None:
    payment = (await merchant.pay()).json()
    await listen(merchant, receiver)
    await merchant.simulator.control("POST", f"/payments/{payment['id']}/refund", {"amount": 300})
    (received, *_) = await receiver.until_count(1)
    refund = received.event["data"]["object"]
    assert (refund["payment"], refund["reference"], refund["origin"]) == (payment["id"], None, "dashboard")
    assert await merchant.truth() == [("authorized", 1000), ("captured", 1000), ("refunded", 300)]
