"""What the provider says unasked: believed by its signature alone, stored once, applied once, in any order."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from core.domain.gateways import MAX_WEBHOOK_BYTES
from integration.http.answers import posted, refused
from integration.http.payments.till import WEBHOOK_SECRET, Body, Till


async def test_a_payment_that_takes_its_time_is_captured_by_the_webhook(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_bank_async"), 202)
    assert payment["status"] == "processing"
    assert posted(await till.act(payment["id"], "confirm"), 202)["status"] == "processing"

    await till.provider.advance_clock(3)
    await till.hear()

    assert (await till.read(payment["id"]))["status"] == "captured"
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "succeeded"
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_a_payment_that_takes_its_time_may_fail(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), method="pm_bank_async_fail"), 202)

    await till.provider.advance_clock(3)
    await till.hear()

    failed = await till.read(payment["id"])
    assert (failed["status"], failed["failure"] is not None) == ("failed", True)
    assert await till.books() == {}


async def test_a_late_success_after_a_failure_is_money_all_the_same(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_late_success"))
    assert payment["status"] == "failed"

    await till.provider.advance_clock(6)
    await till.hear()

    now = await till.read(payment["id"])
    assert (now["status"], now["failure"]) == ("captured", None)
    assert await till.tenant.available(wallet) == 5000


async def test_a_webhook_that_overtakes_the_answer_is_applied_once(till: Till) -> None:
    wallet = await till.wallet()
    await till.fault("slow_answer", seconds=1.5)

    paying = asyncio.create_task(till.pay(wallet))
    applied: list[str] = []
    async with asyncio.timeout(20):
        while not paying.done():
            applied += [(await till.apply(event["id"])).detail for event in await till.events(status="received")]
            await asyncio.sleep(0.05)
    payment = posted(await paying)

    assert any("ended" in detail for detail in applied), applied
    assert payment["status"] == "captured"
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}
    history = (await till.operation(payment["operation_id"]))["attempts"]
    assert sorted((each["step"], each["counted"]) for each in history) == [("submit", False), ("webhook", True)]


async def test_a_payer_back_at_the_shop_and_a_webhook_at_once_capture_once(till: Till) -> None:
    wallet = await till.wallet()
    for _ in range(5):
        payment = posted(await till.pay(wallet, 100, "pm_card_3ds"))
        await till.visit(payment, "approve")
        await till.settle()
        waiting = await till.events(status="received")

        await asyncio.gather(
            till.act(payment["id"], "confirm"),
            till.act(payment["id"], "confirm"),
            *(till.apply(event["id"]) for event in waiting),
        )

        assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.tenant.available(wallet) == 500


async def test_the_same_webhook_many_times_is_stored_and_applied_once(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    await till.hear()
    event = await till.event_of(payment, "payment.captured")

    answers = await asyncio.gather(*(till.tell(event) for _ in range(10)))

    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    [stored] = [each for each in await till.events() if each["event_id"] == event["id"]]
    assert stored["times_received"] == 10
    assert [application.status for application in await till.hear()] == ["applied"]
    assert await till.tenant.available(wallet) == 5000


async def test_webhooks_in_the_wrong_order_come_to_the_same(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds", capture="manual"))
    await till.visit(payment, "approve")
    there = payment["provider_ref"]
    for body in ({"amount": 1000, "final": False}, {"amount": 2000}):
        await till.at_provider("POST", f"/v1/payments/{there}/capture", json=body)

    await till.hear(newest_first=True)

    now = await till.read(payment["id"])
    assert (now["status"], now["captured"], now["review"]) == ("captured", 3000, None)
    assert await till.tenant.available(wallet) == 3000


async def test_the_same_event_id_with_another_content_is_for_a_person(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    true = await till.event_of(payment, "payment.requires_action")
    false = true | {"type": "payment.captured"}

    assert (await till.tell(true)).status_code == (await till.tell(false)).status_code == 202
    await till.hear()

    [conflicting] = await till.events(status="conflicting")
    assert (conflicting["event_id"], conflicting["event_type"]) == (true["id"], "payment.captured")
    assert (await till.read(payment["id"]))["status"] == "requires_action"


async def test_of_two_contents_of_one_event_id_at_once_one_is_applied(till: Till) -> None:
    for _ in range(5):
        payment = posted(await till.pay(await till.wallet(), method="pm_card_3ds"))
        one = await till.event_of(payment, "payment.requires_action")
        other = one | {"type": "payment.failed", "data": {"object": one["data"]["object"] | {"status": "failed"}}}

        answers = await asyncio.gather(*(till.tell(body) for body in (one, other, one, other)))

        assert {each.status_code for each in answers} == {202}
        listed = [each for each in await till.events() if each["event_id"] == one["id"]]
        assert sorted((each["status"], each["times_received"]) for each in listed) == [
            ("conflicting", 2),
            ("received", 2),
        ]
        await till.hear()
        first = next(each["event_type"] for each in listed if each["status"] == "received")
        status = "requires_action" if first == "payment.requires_action" else "failed"
        assert (await till.read(payment["id"]))["status"] == status


async def test_news_of_something_unknown_change_nothing(till: Till) -> None:
    payment = await till.paid(await till.wallet())
    await till.hear()
    foreign = await till.event_of(payment, "payment.captured", id="pay_unknown", reference="not-ours")
    strange = await till.event_of(payment, "weather.changed")

    for event in (foreign, strange):
        assert (await till.tell(event)).status_code == 202
    applications = await till.hear()

    assert [application.status for application in applications] == ["unmatched", "ignored"]
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_a_provider_that_has_another_amount_is_not_believed_but_shown(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    event = await till.event_of(
        payment, "payment.captured", status="captured", amount=50_000, authorized=50_000, captured=50_000
    )

    await till.tell(event)
    await till.hear()

    now = await till.read(payment["id"])
    assert (now["captured"], now["review"]) == (0, "the provider has 50000 USD")
    assert await till.books() == {}


async def test_only_the_provider_is_believed(till: Till, stranger: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), method="pm_card_3ds"))
    event = await till.event_of(payment, "payment.captured", status="captured", authorized=5000, captured=5000)
    raw = json.dumps(event).encode()

    refused(await till.tell(event, secret="guessed"), 400, "webhook_not_authentic")
    refused(await till.tell(event, secret=""), 400, "webhook_not_authentic")
    refused(await till.tell(b"not json"), 400, "webhook_not_authentic")
    refused(await till.tell(b""), 400, "webhook_not_authentic")
    refused(await stranger.tell(event), 400, "webhook_not_authentic")
    refused(await till.tell(event, gateway="other"), 404, "gateway_account_not_found")
    refused(await till.tell(event, account=str(uuid4())), 404, "gateway_account_not_found")
    refused(await till.tell(event, account="no-uuid"), 400, "invalid_field")
    unsigned = await till.tenant.client.post(f"/v1/webhooks/mock/{till.account}", content=raw)
    problem = refused(unsigned, 400, "webhook_not_authentic")
    assert problem["detail"] == problem["title"]
    assert "errors" not in problem

    assert event["id"] not in {each["event_id"] for each in await till.events()}
    assert (await till.read(payment["id"]))["status"] == "requires_action"
    metrics = (await till.tenant.client.get("/metrics")).text
    for outcome in ("not_authentic", "unknown_account"):
        assert f'bursar_gateway_webhooks_total{{outcome="{outcome}"}}' in metrics


async def test_the_largest_message_is_taken_and_one_byte_more_is_not(till: Till) -> None:
    payment = await till.paid(await till.wallet())
    largest = json.dumps(await till.event_of(payment, "payment.captured")).encode().ljust(MAX_WEBHOOK_BYTES)

    assert (await till.tell(largest)).status_code == 202
    problem = refused(await till.tell(largest + b" "), 413, "body_too_large")

    assert str(MAX_WEBHOOK_BYTES) in problem["detail"]


async def test_a_message_that_cannot_be_checked_now_is_wanted_again_and_no_secret_is_named(
    till: Till,
) -> None:
    payment = await till.paid(await till.wallet())
    event = await till.event_of(payment, "payment.captured")
    only_here = till.secrets / f"webhooks-of-{till.merchant}"
    only_here.write_text(WEBHOOK_SECRET)
    path = f"/v1/admin/gateway-accounts/{till.account}"
    posted(await till.operator.patch(path, json={"webhook_secrets": [only_here.name]}), 200)
    only_here.unlink()

    answer = await till.tell(event)

    assert refused(answer, 503, "unavailable")["retryable"] is True
    assert "webhooks-of" not in answer.text
    only_here.write_text(WEBHOOK_SECRET)
    assert (await till.tell(event)).status_code == 202


async def test_a_secret_is_replaced_without_losing_a_message(till: Till) -> None:
    payment = await till.paid(await till.wallet())
    event = await till.event_of(payment, "payment.captured")
    path = f"/v1/admin/gateway-accounts/{till.account}"
    new = "secret-of-the-provider's-webhooks-new"
    refused(await till.tell(event, secret=new), 400, "webhook_not_authentic")

    posted(await till.operator.patch(path, json={"webhook_secrets": ["webhooks", "webhooks-new"]}), 200)
    assert {(await till.tell(event)).status_code, (await till.tell(event, secret=new)).status_code} == {202}
    posted(await till.operator.patch(path, json={"webhook_secrets": ["webhooks-new"]}), 200)
    refused(await till.tell(event), 400, "webhook_not_authentic")
    assert (await till.tell(event, secret=new)).status_code == 202


async def test_a_replay_without_effect_says_what_it_would_do(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_bank_async"), 202)
    await till.provider.advance_clock(3)
    await till.settle()
    before = await everything(till, payment)
    [event] = [each for each in await till.events() if each["event_type"] == "payment.captured"]

    async def replay(*, dry_run: bool) -> Body:
        path = f"/v1/admin/gateway-events/{event['id']}/replay"
        return posted(await till.operator.post(path, json={"dry_run": dry_run}), 200)

    told = await replay(dry_run=True)
    assert (told["status"], told["dry_run"]) == ("applied", True)
    assert await everything(till, payment) == before
    assert (await replay(dry_run=False))["status"] == "applied"
    assert await till.tenant.available(wallet) == 5000
    assert (await replay(dry_run=False))["status"] == "applied"
    assert await till.tenant.available(wallet) == 5000


async def everything(till: Till, payment: Body) -> Any:
    return (
        await till.read(payment["id"]),
        await till.books(),
        await till.events(),
        await till.operation(payment["operation_id"]),
    )


async def test_operators_read_what_was_said_and_nobody_elses(till: Till, stranger: Till) -> None:
    await till.paid(await till.wallet())
    await till.hear()
    event = (await till.events(status="applied", gateway_account_id=till.account))[0]
    path = f"/v1/admin/gateway-events/{event['id']}"

    read = posted(await till.operator.get(path), 200)

    assert json.loads(read.pop("body"))["id"] == event["event_id"]
    assert read == event
    refused(await stranger.operator.get(path), 404, "gateway_event_not_found")
    refused(await stranger.operator.post(f"{path}/replay", json={"dry_run": True}), 404, "gateway_event_not_found")
    refused(await till.tenant.client.get(path), 403, "not_permitted")
    assert await stranger.events() == []
