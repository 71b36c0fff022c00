"""Payments by card: taken, declined, authenticated; the books follow the provider's word alone."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from integration.http.answers import posted, refused
from integration.http.payments.till import Till


async def test_a_payment_is_captured_at_once_and_the_books_know_it(till: Till) -> None:
    wallet = await till.wallet()

    payment = posted(await till.pay(wallet, 5000, reference="deposit-1", metadata={"b": 1}))

    assert (payment["status"], payment["captured"], payment["refundable"]) == ("captured", 5000, 5000)
    assert payment["payment_method"] == {"kind": "card", "brand": "visa", "last_four": "4242"}
    assert (await till.read(payment["id"])) == payment | {"refunds": []}
    assert await till.tenant.available(wallet) == 5000
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}
    assert await till.truth("captured") == [5000]


async def test_a_payment_may_name_the_user_and_the_asset_or_be_a_deposit_of_the_wallet(till: Till) -> None:
    user = f"user-{uuid4().hex}"
    wallet = await till.tenant.wallet(user)
    by_user = {"user_id": user, "asset": "USD", "amount": 700, "payment_method": "pm_card_ok"}

    assert posted(await till.tenant.post("/v1/payments", by_user))["wallet_id"] == wallet
    deposit = {"amount": 300, "payment_method": "pm_card_ok", "gateway_account_id": till.account}
    assert posted(await till.tenant.post(f"/v1/wallets/{wallet}/deposit", deposit))["status"] == "captured"
    assert await till.tenant.available(wallet) == 1000
    refused(await till.tenant.post("/v1/payments", by_user | {"user_id": "nobody"}), 404, "wallet_not_found")


@pytest.mark.parametrize(
    ("method", "code", "class_", "next_step"),
    [
        ("pm_card_declined_insufficient_funds", "insufficient_funds", "soft_decline", "retry_later"),
        ("pm_card_declined_stolen_card", "stolen_card", "hard_decline", "never_retry"),
    ],
)
async def test_a_declined_payment_is_a_payment_that_says_why(
    till: Till, method: str, code: str, class_: str, next_step: str
) -> None:
    wallet = await till.wallet()

    payment = posted(await till.pay(wallet, method=method))

    assert (payment["status"], payment["captured"]) == ("failed", 0)
    failure = payment["failure"]
    assert (failure["code"], failure["class"], failure["next_step"]) == (code, class_, next_step)
    assert await till.books() == {}
    again = posted(await till.pay(wallet))
    assert (again["status"], again["id"] != payment["id"]) == ("captured", True)


async def test_an_answer_is_repeated_byte_for_byte_and_nothing_is_charged_twice(till: Till) -> None:
    wallet, key = await till.wallet(), uuid4().hex

    first = await till.pay(wallet, key=key)
    posted(await till.act(first.json()["id"], "refunds", {"amount": 100}), 202)
    again = await till.pay(wallet, key=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    refused(await till.pay(wallet, 5001, key=key), 422, "idempotency_key_reused")
    assert await till.truth("captured") == [5000]


async def test_the_same_request_sent_twenty_times_at_once_charges_once(till: Till) -> None:
    wallet, key = await till.wallet(), uuid4().hex

    answers = await asyncio.gather(*(till.pay(wallet, key=key) for _ in range(20)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await till.truth("captured") == [5000]
    assert await till.tenant.available(wallet) == 5000


async def test_a_payer_who_has_to_authenticate_is_sent_away_and_the_payment_confirmed_on_return(till: Till) -> None:
    wallet = await till.wallet()

    payment = posted(await till.pay(wallet, method="pm_card_3ds"))

    assert (payment["status"], payment["next_action"]["type"]) == ("requires_action", "redirect")
    assert posted(await till.act(payment["id"], "confirm"), 200)["status"] == "requires_action"
    await till.visit(payment, "approve")
    confirmed = posted(await till.act(payment["id"], "confirm"), 200)
    assert (confirmed["status"], confirmed["next_action"]) == ("captured", None)
    assert await till.tenant.available(wallet) == 5000
    assert posted(await till.act(payment["id"], "confirm"), 200) == confirmed


@pytest.mark.parametrize("method", ["pm_card_3ds", "pm_card_3ds_declined"])
async def test_what_fails_on_the_providers_page_fails_here(till: Till, method: str) -> None:
    payment = posted(await till.pay(await till.wallet(), method=method))

    await till.visit(payment, "refuse" if method == "pm_card_3ds" else "approve")
    confirmed = posted(await till.act(payment["id"], "confirm"), 200)

    expected = "authentication_failed" if method == "pm_card_3ds" else "insufficient_funds"
    assert (confirmed["status"], confirmed["failure"]["code"]) == ("failed", expected)
    assert await till.books() == {}


async def test_a_payment_without_a_method_is_made_on_the_providers_page(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method=None))

    await till.visit(payment, "pay", card_number="4242424242424242")

    assert posted(await till.act(payment["id"], "confirm"), 200)["status"] == "captured"


async def test_nothing_that_a_browser_brings_along_marks_a_payment_as_paid(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    path = f"/v1/payments/{payment['id']}/confirm?payment_id={payment['provider_ref']}&status=succeeded"

    for body in ({}, {"status": "succeeded"}, {"status": "captured", "captured": 5000}):
        answer = await till.tenant.client.post(path, json=body)
        assert posted(answer, 200)["status"] == "requires_action"

    assert await till.tenant.available(wallet) == 0


async def test_confirming_many_times_at_once_captures_once(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    await till.visit(payment, "approve")

    answers = await asyncio.gather(*(till.act(payment["id"], "confirm") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/",
        "javascript:alert(1)",
        "https://user:word@shop.example.com/",
        "https://",
        "https://a b",
    ],
)
async def test_payers_are_not_sent_just_anywhere(till: Till, url: str) -> None:
    answer = await till.pay(await till.wallet(), method="pm_card_3ds", return_url=url)

    refused(answer, 422, "return_url_refused", "#/return_url")
    assert await till.truth("authorized") == []


async def test_a_frozen_a_foreign_and_a_missing_wallet_take_no_payments(till: Till, stranger: Till) -> None:
    wallet = await till.wallet()

    refused(await stranger.pay(wallet), 404, "wallet_not_found")
    posted(await till.tenant.client.patch(f"/v1/wallets/{wallet}", json={"status": "frozen"}), 200)
    refused(await till.pay(wallet), 422, "wallet_frozen")
    assert await till.truth("authorized") == []


async def test_a_reference_is_for_one_payment_alone(till: Till) -> None:
    wallet = await till.wallet()
    posted(await till.pay(wallet, reference="deposit-7"))

    refused(await till.pay(wallet, reference="deposit-7"), 409, "reference_already_used", "#/reference")

    assert await till.truth("captured") == [5000]


async def test_payments_are_listed_newest_first_and_filtered(till: Till) -> None:
    wallet, other = await till.wallet(), await till.wallet()
    first = posted(await till.pay(wallet, reference="a"))
    second = posted(await till.pay(wallet, method="pm_card_declined_do_not_honor"))
    third = posted(await till.pay(other))

    async def listed(query: str = "") -> list[str]:
        return [each["id"] for each in posted(await till.tenant.client.get(f"/v1/payments{query}"), 200)["items"]]

    assert await listed() == [third["id"], second["id"], first["id"]]
    assert await listed(f"?wallet_id={wallet}") == [second["id"], first["id"]]
    assert await listed("?status=failed") == [second["id"]]
    assert await listed("?reference=a") == [first["id"]]
    assert await listed("?under_review=true") == []
    page = posted(await till.tenant.client.get("/v1/payments?limit=2"), 200)
    assert await listed(f"?limit=2&cursor={page['next_cursor']}") == [first["id"]]
    refused(await till.tenant.client.get("/v1/payments?under_review=yes"), 400, "invalid_field", "#/under_review")


async def test_for_another_tenant_a_payment_and_its_refunds_do_not_exist(till: Till, stranger: Till) -> None:
    payment = await till.paid(await till.wallet())
    refund = posted(await till.act(payment["id"], "refunds", {"amount": 100}), 202)
    path = f"/v1/payments/{payment['id']}"

    for answer in (
        await stranger.tenant.client.get(path),
        await stranger.tenant.client.get(path + "/refunds"),
        *[await stranger.act(payment["id"], what) for what in ("confirm", "capture", "cancel", "refunds")],
    ):
        refused(answer, 404, "payment_not_found")
    refused(await stranger.tenant.client.get(f"/v1/refunds/{refund['id']}"), 404, "refund_not_found")
    deposit = await stranger.tenant.post(f"/v1/wallets/{payment['wallet_id']}/deposit", {"amount": 100})
    refused(deposit, 404, "wallet_not_found")
    assert posted(await stranger.tenant.client.get("/v1/payments"), 200)["items"] == []


async def test_a_wallet_is_not_closed_while_its_payments_are_open(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))

    async def close() -> httpx.Response:
        return await till.tenant.client.patch(f"/v1/wallets/{wallet}", json={"status": "closed"})

    refused(await close(), 409, "payments_unsettled", "#/status")
    posted(await till.act(payment["id"], "cancel"), 200)
    assert posted(await close(), 200)["status"] == "closed"
    refused(await till.pay(wallet), 422, "wallet_closed")


async def test_a_payer_who_takes_too_long_has_not_paid(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    expire = till.container.expire_payments()

    assert await expire(till.tenant.id, trace_id="0" * 32) == 0
    await till.later("24 hours 1 minute")
    assert await expire(till.tenant.id, trace_id="0" * 32) == 1
    assert await expire(till.tenant.id, trace_id="0" * 32) == 0
    await till.run_all_of(payment["id"])
    await till.later()
    await till.run_all_of(payment["id"])

    expired = await till.read(payment["id"])
    assert (expired["status"], expired["next_action"]) == ("expired", None)
    assert (await till.operation(payment["operation_id"]))["operation"]["state"] == "declined"
    assert await till.books() == {}


async def test_a_payment_paid_at_the_last_moment_is_not_expired(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    await till.later("24 hours 1 minute")
    await till.container.expire_payments()(till.tenant.id, trace_id="0" * 32)

    await till.visit(payment, "approve")
    await till.run_all_of(payment["id"])

    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000


async def test_the_return_url_may_be_on_this_machine(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), method="pm_card_3ds", return_url="http://localhost:3000/x"))

    assert (payment["status"], payment["return_url"]) == ("requires_action", "http://localhost:3000/x")
