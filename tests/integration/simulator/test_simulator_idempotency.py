"""A repetition is safe: the provider does a thing once for each key, and says the same again."""

import asyncio

import httpx
import pytest

from integration.simulator.merchants import Merchant, payment_body

DAY = 86_400
REPLAYED = "Idempotent-Replayed"


async def test_the_same_request_again_gets_the_same_bytes_and_charges_once(merchant: Merchant) -> None:
    body = payment_body(reference="once")
    first = await merchant.post("/v1/payments", body, key="k")
    second = await merchant.post("/v1/payments", body, key="k")
    assert (first.status_code, REPLAYED in first.headers) == (201, False)
    assert (second.status_code, second.headers[REPLAYED]) == (201, "true")
    assert first.content == second.content
    assert await merchant.charges("once") == 1


async def test_without_a_key_every_request_charges(merchant: Merchant) -> None:
    for _ in range(2):
        assert (await merchant.client.post("/v1/payments", json=payment_body(reference="twice"))).status_code == 201
    assert await merchant.charges("twice") == 2


async def test_a_decline_and_a_refusal_are_repeated_too(merchant: Merchant) -> None:
    declined = payment_body("pm_card_declined_insufficient_funds")
    first, second = [await merchant.post("/v1/payments", declined, key="k1") for _ in range(2)]
    assert first.status_code == second.status_code == 402
    assert first.content == second.content
    assert second.headers[REPLAYED] == "true"
    too_much = {"reference": "p", "amount": 10**12, "currency": "USD", "destination": "ba_ok"}
    first, second = [await merchant.post("/v1/payouts", too_much, key="k2") for _ in range(2)]
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (422, 422, "true")


async def test_the_same_key_for_another_request_is_refused(merchant: Merchant) -> None:
    await merchant.pay(key="k", reference="original")
    other = await merchant.pay(key="k", reference="original", amount=1001)
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_mismatch")
    assert await merchant.charges("original") == 1


async def test_the_same_key_on_another_path_is_refused(merchant: Merchant) -> None:
    payment = (await merchant.pay("pm_card_ok", capture_method="manual")).json()
    assert (await merchant.post(f"/v1/payments/{payment['id']}/capture", key="k")).status_code == 200
    other = await merchant.post(f"/v1/payments/{payment['id']}/cancel", key="k")
    assert other.json()["error"]["code"] == "idempotency_mismatch"


async def test_a_repetition_during_the_first_execution_is_told_to_wait(merchant: Merchant) -> None:
    body = payment_body(reference="slow-one")
    rule = {"fault": "slow", "seconds": 1, "match": {"account": merchant.account_id}, "times": 1}
    await merchant.simulator.control("POST", "/faults", rule)
    first = asyncio.create_task(merchant.post("/v1/payments", body, key="k"))
    await rule_has_struck(merchant)
    meanwhile = await merchant.post("/v1/payments", body, key="k")
    assert (meanwhile.status_code, meanwhile.json()["error"]["code"]) == (409, "in_progress")
    assert meanwhile.headers["Retry-After"] == "1"
    assert (await first).status_code == 201
    assert await merchant.charges("slow-one") == 1


async def rule_has_struck(merchant: Merchant) -> None:
    async with asyncio.timeout(5):
        while True:
            rules = (await merchant.simulator.control("GET", "/faults"))["data"]
            if any(rule["match"]["account"] == merchant.account_id and rule["hits"] for rule in rules):
                return


async def test_fifty_at_once_with_one_key_charge_once(merchant: Merchant) -> None:
    body = payment_body(reference="storm")
    answers = await asyncio.gather(*(merchant.post("/v1/payments", body, key="k") for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await merchant.charges("storm") == 1


async def test_a_stored_500_stays_although_the_effect_is_there(merchant: Merchant) -> None:
    body = payment_body(reference="sticky")
    first = await merchant.post("/v1/payments", body, key="k", scenario="after_effect_500")
    second = await merchant.post("/v1/payments", body, key="k")
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (500, 500, "true")
    assert await merchant.charges("sticky") == 1
    (found,) = (await merchant.get("/v1/payments", reference="sticky"))["data"]
    assert found["status"] == "captured"


async def test_a_stored_500_stays_although_nothing_happened(merchant: Merchant) -> None:
    body = payment_body(reference="stuck")
    first = await merchant.post("/v1/payments", body, key="k", scenario="sticky_500")
    second = await merchant.post("/v1/payments", body, key="k")
    assert (first.status_code, second.status_code) == (500, 500)
    assert (await merchant.get("/v1/payments", reference="stuck"))["data"] == []
    assert (await merchant.post("/v1/payments", body, key="k2")).status_code == 201


async def test_what_was_never_executed_is_not_kept(merchant: Merchant, other_merchant: Merchant) -> None:
    good = payment_body(reference="later-right")
    for wrong in ({**good, "amount": 0}, {**good, "surprise": 1}, {**good, "amount": "1000"}):
        assert (await merchant.post("/v1/payments", wrong, key="k")).status_code == 400
    assert (await merchant.post("/v1/payments/pay_none/cancel", key="k")).status_code == 404
    assert (await merchant.post("/v1/payments", good, key="k", scenario="429")).status_code == 429
    assert (await merchant.post("/v1/payments", good, key="k", scenario="before_effect_500")).status_code == 500
    assert (await merchant.post("/v1/payments", good, key="k")).status_code == 201
    assert (await other_merchant.post("/v1/payments", good, key="k")).status_code == 201  # keys are each account's own


async def test_a_key_is_forgotten_after_24_hours_and_not_before(merchant: Merchant) -> None:
    body = payment_body(reference="old")
    first = await merchant.post("/v1/payments", body, key="k")
    await merchant.simulator.advance_clock(DAY - 60)
    assert (await merchant.post("/v1/payments", body, key="k")).content == first.content
    await merchant.simulator.advance_clock(61)
    anew = await merchant.post("/v1/payments", body, key="k")
    assert REPLAYED not in anew.headers
    assert anew.json()["id"] != first.json()["id"]
    assert await merchant.charges("old") == 2


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "two words", "umlaut-\u00e4"])
async def test_a_malformed_key_is_refused(merchant: Merchant, key: str) -> None:
    headers = httpx.Headers([(b"Idempotency-Key", key.encode("latin-1"))])
    answer = await merchant.client.post("/v1/payments", json=payment_body(), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_malformed")


async def test_a_key_is_the_same_with_and_without_quotes(merchant: Merchant) -> None:
    body = payment_body()
    first = await merchant.post("/v1/payments", body, key='"k"')
    assert (await merchant.post("/v1/payments", body, key="k")).content == first.content
