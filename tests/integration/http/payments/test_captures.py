"""Captures and cancellations of what a payer's bank has set aside."""

import asyncio
from uuid import uuid4

from integration.http.answers import posted, refused
from integration.http.payments.till import Body, Till


async def authorized(till: Till, wallet: str, amount: int = 5000) -> Body:
    payment = posted(await till.pay(wallet, amount, capture="manual"))
    assert (payment["status"], payment["authorized"], payment["capturable"]) == ("authorized", amount, amount)
    return payment


async def test_what_is_authorized_is_in_the_wallet_only_when_it_is_captured(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)
    assert await till.books() == {}

    captured = posted(await till.act(payment["id"], "capture"), 200)

    assert (captured["status"], captured["captured"], captured["capturable"]) == ("captured", 5000, 0)
    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}


async def test_parts_are_captured_one_after_the_other_until_the_last_lets_go_of_the_rest(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)

    first = posted(await till.act(payment["id"], "capture", {"amount": 1000, "final": False}), 200)
    second = posted(await till.act(payment["id"], "capture", {"amount": 2000, "final": False}), 200)
    last = posted(await till.act(payment["id"], "capture", {"amount": 500}), 200)

    assert [(each["status"], each["captured"], each["capturable"]) for each in (first, second, last)] == [
        ("partially_captured", 1000, 4000),
        ("partially_captured", 3000, 2000),
        ("captured", 3500, 0),
    ]
    assert await till.truth("captured") == [1000, 2000, 500]
    assert await till.tenant.available(wallet) == 3500
    books = await till.books()
    assert books["main"] + books["fees"] + books["gateway_clearing"] == 0
    refused(await till.act(payment["id"], "capture", {"amount": 1}), 409, "payment_not_capturable")


async def test_more_than_is_authorized_is_not_captured(till: Till) -> None:
    payment = await authorized(till, await till.wallet())

    document = refused(await till.act(payment["id"], "capture", {"amount": 5001}), 422, "capture_exceeds_authorization")

    assert document["capturable"] == 5000
    assert await till.truth("captured") == []


async def test_a_capture_is_answered_byte_for_byte_again(till: Till) -> None:
    payment, key = await authorized(till, await till.wallet()), uuid4().hex

    first = await till.act(payment["id"], "capture", {"amount": 1000, "final": False}, key=key)
    again = await till.act(payment["id"], "capture", {"amount": 1000, "final": False}, key=key)

    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (200, first.content, "true")
    assert await till.truth("captured") == [1000]


async def test_captures_at_once_never_take_more_than_is_authorized(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)

    answers = await asyncio.gather(
        *(till.act(payment["id"], "capture", {"amount": 2000, "final": False}) for _ in range(10))
    )

    assert {answer.status_code for answer in answers} <= {200, 409, 422}
    done = [answer for answer in answers if answer.status_code == 200]
    assert 1 <= len(done) <= 2
    assert await till.truth("captured") == [2000] * len(done)
    assert await till.tenant.available(wallet) == 2000 * len(done)


async def test_a_canceled_payment_takes_nothing(till: Till) -> None:
    wallet = await till.wallet()
    payment, key = await authorized(till, wallet), uuid4().hex

    first = await till.act(payment["id"], "cancel", key=key)

    assert posted(first, 200)["status"] == "canceled"
    assert (await till.act(payment["id"], "cancel", key=key)).content == first.content
    refused(await till.act(payment["id"], "cancel"), 409, "payment_not_cancelable")
    refused(await till.act(payment["id"], "capture"), 409, "payment_not_capturable")
    assert await till.truth("released") == [5000]
    assert await till.books() == {}


async def test_what_was_captured_is_not_canceled(till: Till) -> None:
    payment = await till.paid(await till.wallet())

    refused(await till.act(payment["id"], "cancel"), 409, "payment_not_cancelable")


async def test_a_capture_that_the_provider_refuses_says_why_and_moves_nothing(till: Till) -> None:
    payment = await authorized(till, await till.wallet())
    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/expire", {})

    answer = await till.act(payment["id"], "capture", key="refused-capture")

    document = refused(answer, 422, "provider_refused")
    assert document["failure_code"]
    assert document["next_step"]
    assert (await till.act(payment["id"], "capture", key="refused-capture")).content == answer.content
    assert await till.books() == {}
    await till.hear()
    assert (await till.read(payment["id"]))["status"] == "expired"


async def test_an_authorization_that_expires_at_the_provider_expires_here(till: Till) -> None:
    payment = await authorized(till, await till.wallet())

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/expire", {})
    await till.hear()

    assert (await till.read(payment["id"]))["status"] == "expired"
    refused(await till.act(payment["id"], "capture"), 409, "payment_not_capturable")


async def test_the_rest_of_a_partly_captured_payment_that_expires_is_let_go(till: Till) -> None:
    wallet = await till.wallet()
    payment = await authorized(till, wallet)
    posted(await till.act(payment["id"], "capture", {"amount": 1000, "final": False}), 200)

    await till.provider.control("POST", f"/payments/{payment['provider_ref']}/expire", {})
    await till.hear()

    ended = await till.read(payment["id"])
    assert (ended["captured"], ended["capturable"]) == (1000, 0)
    assert ended["status"] in {"captured", "closed"}
    assert await till.tenant.available(wallet) == 1000
