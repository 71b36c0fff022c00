"""Answers that got lost: nothing is charged twice, nothing is forgotten, and what is in doubt can be seen."""

from uuid import uuid4

import pytest

from entrypoints.container import Container
from integration.http.answers import posted, refused
from integration.http.payments.till import Till


@pytest.mark.parametrize("fault", ["drop_after_effect", "after_effect_html_502", "garbage_200", "truncate"])
async def test_an_answer_that_got_lost_after_the_charge_is_found_out_and_charged_once(till: Till, fault: str) -> None:
    wallet, key = await till.wallet(), uuid4().hex
    await till.fault(fault)

    first = await till.pay(wallet, key=key)

    payment = posted(first, 202)
    assert (payment["status"], payment["captured"]) == ("created", 0)
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "unknown"
    assert await till.books() == {}
    await till.later()
    await till.run(payment["operation_id"])
    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.truth("captured") == [5000]
    assert await till.tenant.available(wallet) == 5000
    assert (await till.pay(wallet, key=key)).content == first.content


async def test_a_provider_that_repeats_its_failure_is_looked_up(till: Till) -> None:
    wallet = await till.wallet()
    await till.fault("after_effect_500")
    payment = posted(await till.pay(wallet), 202)

    for _ in range(4):
        await till.later()
        await till.run(payment["operation_id"])

    assert (await till.read(payment["id"]))["status"] == "captured"
    steps = [(each["step"], each["outcome"]) for each in (await till.operation(payment["operation_id"]))["attempts"]]
    assert steps == [("submit", "unknown")] * 3 + [("look_up", "succeeded")]
    assert await till.truth("captured") == [5000]


@pytest.mark.parametrize("fault", ["drop_before_effect", "html_502"])
async def test_a_request_that_got_lost_before_the_charge_is_sent_again_with_the_same_key(
    till: Till, fault: str
) -> None:
    wallet = await till.wallet()
    await till.fault(fault)
    payment = posted(await till.pay(wallet), 202)

    await till.later()
    await till.run(payment["operation_id"])

    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.truth("captured") == [5000]


async def test_a_lost_answer_is_told_by_the_webhook(till: Till) -> None:
    wallet = await till.wallet()
    await till.fault("drop_after_effect")
    payment = posted(await till.pay(wallet), 202)

    await till.hear()

    assert (await till.read(payment["id"]))["status"] == "captured"
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "succeeded"
    assert await till.tenant.available(wallet) == 5000


async def test_an_answer_with_another_amount_is_for_a_person(till: Till) -> None:
    wallet = await till.wallet()
    await till.fault("tamper", fields={"captured": 50, "authorized": 50, "amount": 50})

    payment = posted(await till.pay(wallet), 202)

    assert payment["review"]
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "needs_review"
    assert await till.books() == {}
    assert [each["id"] for each in (await till.doubt())["coming_in"]] == [payment["operation_id"]]
    resolved = await till.resolve(payment["operation_id"], "succeeded", provider_ref="pay_1")
    assert posted(resolved, 200)["state"] == "succeeded"
    assert await till.tenant.available(wallet) == 5000


async def test_a_capture_whose_answer_got_lost_is_done_once(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))
    await till.fault("drop_after_effect", "/v1/payments/*/capture")

    waiting = posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 202)

    assert (waiting["status"], waiting["captured"]) == ("authorized", 0)
    refused(await till.act(payment["id"], "capture", {"amount": 1000}), 409, "operation_under_way")
    await till.later()
    await till.run_all_of(payment["id"])
    now = await till.read(payment["id"])
    assert (now["status"], now["captured"]) == ("partially_captured", 2000)
    assert await till.truth("captured") == [2000]
    posted(await till.act(payment["id"], "capture"), 200)
    assert await till.tenant.available(wallet) == 5000


async def test_a_capture_whose_answer_got_lost_and_whose_webhook_came_is_not_booked_twice(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))
    await till.fault("drop_after_effect", "/v1/payments/*/capture")
    posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 202)

    await till.hear()
    assert await till.tenant.available(wallet) == 2000
    await till.later()
    await till.run_all_of(payment["id"])

    assert await till.tenant.available(wallet) == 2000
    assert (await till.doubt())["coming_in"] == []


async def test_a_refund_whose_answer_got_lost_stays_in_transit_until_somebody_knows(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    await till.fault("drop_after_effect", "/v1/payments/*/refunds")

    refund = posted(await till.act(payment["id"], "refunds", {"amount": 1500}), 202)

    assert refund["status"] == "created"
    [held] = (await till.doubt())["held"]
    assert (held["purpose"], held["asset"], held["gateway_account_id"]) == ("refunds_in_transit", "USD", till.account)
    assert (held["balance"], held["open_amount"], held["unexplained"], held["open_count"]) == (1500, 1500, 0, 1)
    [operation] = held["operations"]
    assert (operation["subject"], operation["kind"], operation["state"]) == (refund["id"], "refund.submit", "unknown")
    await till.provider.advance_clock(2)
    await till.later()
    await till.run(refund["operation_id"])
    await till.hear()
    assert posted(await till.tenant.client.get(f"/v1/refunds/{refund['id']}"), 200)["status"] == "succeeded"
    assert await till.truth("refunded") == [1500]
    assert (await till.doubt())["held"] == []


@pytest.mark.parametrize(
    ("outcome", "left", "status"), [("succeeded", 3500, "succeeded"), ("declined", 5000, "failed")]
)
async def test_an_operator_who_found_out_ends_a_refund(till: Till, outcome: str, left: int, status: str) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    await till.fault("drop_before_effect", "/v1/payments/*/refunds")
    refund = posted(await till.act(payment["id"], "refunds", {"amount": 1500}), 202)

    if outcome == "succeeded":
        unnamed = await till.resolve(refund["operation_id"], outcome)
        refused(unnamed, 422, "provider_ref_required", "#/provider_ref")
    posted(await till.resolve(refund["operation_id"], outcome, provider_ref="ref_1"), 200)

    assert posted(await till.tenant.client.get(f"/v1/refunds/{refund['id']}"), 200)["status"] == status
    assert await till.tenant.available(wallet) == left
    assert (await till.doubt())["held"] == []


async def test_an_operator_who_found_out_ends_a_payment(till: Till) -> None:
    wallet = await till.wallet()
    await till.fault("drop_before_effect")
    payment = posted(await till.pay(wallet), 202)
    [doubtful] = (await till.doubt())["coming_in"]
    assert (doubtful["subject"], doubtful["amount"], doubtful["state"]) == (payment["id"], 5000, "unknown")

    posted(await till.resolve(payment["operation_id"], "declined"), 200)

    failed = await till.read(payment["id"])
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "declined_by_operator")
    assert (await till.doubt())["coming_in"] == []
    assert await till.books() == {}


async def test_nobody_sees_the_doubts_of_another_tenant(till: Till, stranger: Till) -> None:
    await till.fault("drop_before_effect")
    posted(await till.pay(await till.wallet()), 202)

    assert (await till.doubt())["coming_in_count"] == 1
    empty = await stranger.doubt()
    assert (empty["held"], empty["coming_in"], empty["coming_in_count"]) == ([], [], 0)
    refused(await till.tenant.client.get("/v1/admin/money-in-doubt"), 403, "not_permitted")


async def test_money_that_no_operation_explains_is_shown(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    refund = posted(await till.act(payment["id"], "refunds", {"amount": 1500}), 202)
    await till.as_owner(
        "UPDATE operations SET state = 'declined', next_attempt_at = NULL WHERE id = $1::text::uuid",
        refund["operation_id"],
    )

    [held] = (await till.doubt())["held"]

    assert (held["balance"], held["unexplained"], held["open_count"], held["operations"]) == (1500, 1500, 0, [])


async def test_after_all_of_this_the_ledger_verifies(till: Till, container: Container) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    posted(await till.act(payment["id"], "refunds", {"amount": 1500}), 202)
    await till.provider.advance_clock(2)
    await till.hear()

    assert (await container.verify_ledger()(till.tenant.id)).is_clean
