"""Refunds: out of the wallet first, never more than was captured, and back again should they fail."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from integration.http.answers import posted, refused
from integration.http.payments.till import Body, Till


async def refund(till: Till, payment: Body, amount: int | None = None, **said: object) -> httpx.Response:
    body = said if amount is None else {"amount": amount, **said}
    return await till.act(payment["id"], "refunds", dict(body))


async def read_refund(till: Till, refund_id: str) -> Body:
    return posted(await till.tenant.client.get(f"/v1/refunds/{refund_id}"), 200)


async def finished_by_the_clock(till: Till, seconds: float = 2) -> None:
    await till.provider.advance_clock(seconds)
    await till.hear()


@pytest.fixture
async def at_once(till: Till) -> None:
    """The provider has refunded before it answers."""
    account = await till.provider.control("GET", f"/accounts/{till.merchant}")
    await till.provider.control("PUT", f"/accounts/{till.merchant}", account_with(account, refund=0))


def account_with(account: Body, **delays: float) -> Body:
    """The settings of the account that may be given back, with other delays."""
    kept = {name: account[name] for name in ("api_keys", "webhooks") if name in account}
    return kept | {"delays": delays}


@pytest.mark.usefixtures("at_once")
async def test_a_full_refund_that_the_provider_makes_at_once_is_over_with_the_answer(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)

    refunded = posted(await refund(till, payment, reason="came back", reference="return-1"))

    assert (refunded["status"], refunded["amount"], refunded["origin"]) == ("succeeded", 5000, "api")
    now = await till.read(payment["id"])
    assert (now["refunded"], now["refund_pending"], now["refundable"]) == (5000, 0, 0)
    assert now["refunds"] == [refunded]
    assert await till.tenant.available(wallet) == 0
    assert await till.books() == {"fees": -100, "gateway_clearing": 100}
    refused(await refund(till, payment), 422, "refund_exceeds_capture")
    refused(await refund(till, payment, 1), 422, "refund_exceeds_capture", "#/amount")


async def test_a_refund_on_its_way_is_neither_here_nor_there_until_the_provider_says_so(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)

    pending = posted(await refund(till, payment, 1500), 202)

    assert pending["status"] == "pending"
    assert await till.books() == {"main": 3500, "refunds_in_transit": 1500, "fees": -100, "gateway_clearing": -4900}
    await finished_by_the_clock(till)
    assert (await read_refund(till, pending["id"]))["status"] == "succeeded"
    assert await till.books() == {"main": 3500, "fees": -100, "gateway_clearing": -3400}
    operation = (await till.operation(pending["operation_id"]))["operation"]
    assert operation["state"] == "succeeded"


async def test_without_a_webhook_a_poll_finds_out_that_the_refund_arrived(till: Till) -> None:
    payment = await till.paid(await till.wallet())
    pending = posted(await refund(till, payment, 1500), 202)
    await till.provider.advance_clock(2)

    await till.later()
    await till.run(pending["operation_id"])

    assert (await read_refund(till, pending["id"]))["status"] == "succeeded"
    await till.hear()
    assert (await till.read(payment["id"]))["refunded"] == 1500


async def test_a_refund_that_fails_brings_the_money_back(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, method="pm_card_refund_fails")
    pending = posted(await refund(till, payment, 1500), 202)

    await finished_by_the_clock(till)

    failed = await read_refund(till, pending["id"])
    assert failed["status"] == "failed"
    assert failed["failure"]["code"]
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}
    assert (await till.read(payment["id"]))["refundable"] == 5000


async def test_a_refund_that_fails_after_its_success_brings_the_money_back(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, method="pm_card_refund_fails_late")
    pending = posted(await refund(till, payment, 1500), 202)
    await finished_by_the_clock(till)
    assert (await read_refund(till, pending["id"]))["status"] == "succeeded"

    await finished_by_the_clock(till, 15)

    assert (await read_refund(till, pending["id"]))["status"] == "failed"
    now = await till.read(payment["id"])
    assert (now["refunded"], now["refundable"]) == (0, 5000)
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_news_of_a_refund_in_the_wrong_order_come_to_the_same(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, method="pm_card_refund_fails_late")
    pending = posted(await refund(till, payment, 1500), 202)
    await till.provider.advance_clock(20)
    await till.hear(newest_first=True)

    assert (await read_refund(till, pending["id"]))["status"] == "failed"
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_a_refund_made_on_the_providers_own_pages_is_found(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/refund", {"amount": 1200})
    await finished_by_the_clock(till)

    now = await till.read(payment["id"])
    [found] = now["refunds"]
    assert (found["origin"], found["amount"], found["status"]) == ("provider", 1200, "succeeded")
    assert (now["refunded"], now["refundable"]) == (1200, 3800)
    assert await till.tenant.available(wallet) == 3800
    assert await till.books() == {"main": 3800, "fees": -100, "gateway_clearing": -3700}


async def test_a_refund_made_there_that_failed_moves_nothing_in_whatever_order_it_is_heard(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, method="pm_card_refund_fails")

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/refund", {"amount": 1200})
    await till.provider.advance_clock(2)
    await till.hear(newest_first=True)

    now = await till.read(payment["id"])
    assert [(each["status"], each["origin"]) for each in now["refunds"]] == [("failed", "provider")]
    assert (now["refunded"], now["refundable"], now["review"]) == (0, 5000, None)
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_news_of_a_refund_made_there_heard_at_once_post_it_once(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    await till.hear()

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/refund", {"amount": 1200})
    await till.provider.advance_clock(2)
    await till.settle()
    await asyncio.gather(*(till.apply(event["id"]) for event in await till.events(status="received")))

    assert [each["status"] for each in (await till.read(payment["id"]))["refunds"]] == ["succeeded"]
    assert await till.tenant.available(wallet) == 3800


async def test_a_refund_found_at_the_provider_for_a_wallet_that_is_short_is_paid_by_suspense_and_shown(
    till: Till,
) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    posted(await till.tenant.post(f"/v1/wallets/{wallet}/debit", {"amount": 4500}))

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/refund", {"amount": 1200})
    await finished_by_the_clock(till)

    now = await till.read(payment["id"])
    assert "suspense" in now["review"]
    assert await till.tenant.available(wallet) == 500
    assert (await till.books())["suspense"] == -1200
    flagged = posted(await till.tenant.client.get("/v1/payments?under_review=true"), 200)["items"]
    assert [each["id"] for each in flagged] == [payment["id"]]


async def test_fifty_refunds_at_once_never_give_back_more_than_was_captured(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, 1000)

    answers = await asyncio.gather(*(refund(till, payment, 100) for _ in range(50)))

    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {202, 422, 503}, codes
    given = codes.count(202)
    assert sum(await till.truth("refunded")) == given * 100 <= 1000
    assert await till.tenant.available(wallet) == 1000 - given * 100
    while given < 10:
        posted(await refund(till, payment, 100), 202)
        given += 1
    refused(await refund(till, payment, 100), 422, "refund_exceeds_capture")


async def test_a_wallet_that_has_spent_the_money_cannot_refund_it(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    posted(await till.tenant.post(f"/v1/wallets/{wallet}/debit", {"amount": 4000}))
    key = uuid4().hex

    answer = await till.act(payment["id"], "refunds", {"amount": 1500}, key=key)

    assert refused(answer, 422, "insufficient_funds")["available"] == 1000
    assert (await till.act(payment["id"], "refunds", {"amount": 1500}, key=key)).content == answer.content
    assert (await till.read(payment["id"]))["refundable"] == 5000
    assert await till.truth("refunded") == []


async def test_a_refund_is_answered_byte_for_byte_again(till: Till) -> None:
    payment, key = await till.paid(await till.wallet()), uuid4().hex

    first = await till.act(payment["id"], "refunds", {"amount": 100}, key=key)
    await finished_by_the_clock(till)
    again = await till.act(payment["id"], "refunds", {"amount": 100}, key=key)

    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (202, first.content, "true")
    assert await till.truth("refunded") == [100]


async def test_what_was_not_captured_is_not_refunded(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), capture="manual"))

    refused(await refund(till, payment), 422, "refund_exceeds_capture")


async def test_a_payment_may_be_refunded_between_two_captures(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))
    posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 200)

    posted(await refund(till, payment, 500), 202)
    captured = posted(await till.act(payment["id"], "capture", {"amount": 3000}), 200)

    assert (captured["status"], captured["captured"], captured["refund_pending"]) == ("captured", 5000, 500)
    await finished_by_the_clock(till)
    assert await till.tenant.available(wallet) == 4500


async def test_a_wallet_is_not_closed_while_a_refund_is_on_its_way(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    posted(await refund(till, payment), 202)
    path = f"/v1/wallets/{wallet}"

    refused(await till.tenant.client.patch(path, json={"status": "closed"}), 409, "payments_unsettled")
    await finished_by_the_clock(till)
    posted(await till.tenant.client.patch(path, json={"status": "closed"}), 200)


async def test_a_late_failure_for_a_closed_wallet_is_kept_in_suspense_and_shown(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet, method="pm_card_refund_fails_late")
    posted(await refund(till, payment), 202)
    await finished_by_the_clock(till)
    posted(await till.tenant.client.patch(f"/v1/wallets/{wallet}", json={"status": "closed"}), 200)

    await finished_by_the_clock(till, 15)

    assert "suspense" in (await till.read(payment["id"]))["review"]
    assert await till.books() == {"suspense": 5000, "fees": -100, "gateway_clearing": -4900}
