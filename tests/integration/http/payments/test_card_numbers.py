"""Card numbers do not get in: refused with the field's name, repeated to nobody, and nothing is asked for."""

from typing import Any
from uuid import uuid4

import pytest

from core.domain.card_numbers import holds_card_number
from integration.http.answers import posted, refused
from integration.http.payments.till import Till

NUMBER = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"payment_method": "4242424242424242"}, "#/payment_method"),
        ({"reference": "card 4242-4242-4242-4242"}, "#/reference"),
        ({"description": f"paid with {NUMBER} 12/30"}, "#/description"),
        ({"metadata": {"a": [{"b": NUMBER}]}}, "#/metadata/a/0/b"),
        ({"metadata": {"a": 4242424242424242}}, "#/metadata/a"),
        ({"metadata": {NUMBER: "x"}}, "#/metadata"),
        ({"return_url": "https://shop.example.com/?c=4242424242424242"}, "#/return_url"),
    ],
)
async def test_a_card_number_anywhere_in_a_payment_is_refused(till: Till, said: dict[str, Any], pointer: str) -> None:
    wallet, key = await till.wallet(), uuid4().hex

    for answer in (
        await till.pay(wallet, key=key, **said),
        await till.tenant.post(f"/v1/wallets/{wallet}/deposit", {"amount": 100, **said}),
    ):
        refused(answer, 422, "pan_detected", pointer)
        assert "4242" not in answer.text
    assert await till.truth("authorized") == []
    posted(await till.pay(wallet, key=key))


async def test_a_card_number_in_a_refund_is_refused(till: Till) -> None:
    payment = await till.paid(await till.wallet())

    for said in ({"reason": NUMBER}, {"reference": NUMBER}, {"metadata": {"card": NUMBER}}):
        answer = await till.act(payment["id"], "refunds", {"amount": 100, **said})
        refused(answer, 422, "pan_detected", f"#/{'metadata/card' if 'metadata' in said else next(iter(said))}")
        assert "4242" not in answer.text
    assert (await till.read(payment["id"]))["refundable"] == 5000


async def test_a_card_number_as_the_name_of_a_field_is_not_repeated(till: Till) -> None:
    answer = await till.tenant.post(
        "/v1/payments", {"wallet_id": await till.wallet(), "amount": 1, "4242424242424242": "x"}
    )

    refused(answer, 400, "invalid_field")
    assert "4242" not in answer.text


async def test_what_only_looks_a_bit_like_a_card_number_passes(till: Till) -> None:
    wallet, iban = await till.wallet(), "DE89370400440532013000"

    posted(await till.pay(wallet, reference=str(uuid4()), description="order 1763656452123", metadata={"iban": iban}))


@pytest.mark.parametrize("field", ["reference", "description", "metadata"])
async def test_a_card_number_is_refused_wherever_money_moves(till: Till, field: str) -> None:
    wallet = await till.wallet()
    said = {"amount": 100, field: {"card": NUMBER} if field == "metadata" else NUMBER}

    answer = await till.tenant.post(f"/v1/wallets/{wallet}/credit", said)

    refused(answer, 422, "pan_detected", f"#/{field}" + ("/card" if field == "metadata" else ""))
    assert "4242" not in answer.text


async def test_a_card_number_in_a_batch_is_refused_with_its_place(till: Till) -> None:
    wallet = await till.wallet()
    one = {"from_wallet_id": wallet, "to_wallet_id": await till.wallet(), "amount": 1}
    both = [one, {**one, "description": NUMBER}]

    answer = await till.tenant.post("/v1/transfers/batch", {"mode": "independent", "transfers": both})

    refused(answer, 422, "pan_detected", "#/transfers/1/description")


async def test_a_card_number_in_a_providers_message_is_applied_and_not_kept(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, method="pm_card_3ds"))
    await till.visit(payment, "approve")
    await till.settle()
    told = await till.event_of(payment, "payment.captured", note=f"paid with {NUMBER}")
    other = told | {"data": {"object": told["data"]["object"] | {"note": "paid with 4000 0566 5566 5556"}}}

    for body in (told, told, other):
        assert (await till.tell(body)).status_code == 202
    kept = [each for each in await till.events() if each["event_id"] == told["id"]]

    assert [(each["status"], each["times_received"]) for each in kept] == [("conflicting", 1), ("received", 2)]
    for each in kept:
        body = posted(await till.operator.get(f"/v1/admin/gateway-events/{each['id']}"), 200)["body"]
        assert "[card number]" in body
        assert not holds_card_number(body)
    await till.apply(kept[1]["id"])
    assert (await till.read(payment["id"]))["status"] == "captured"
    assert await till.tenant.available(wallet) == 5000


async def test_a_card_number_as_the_reference_of_what_is_not_ours_is_not_kept(till: Till) -> None:
    """Objects that somebody made in the provider's dashboard come in webhooks too."""
    payment = posted(await till.pay(await till.wallet()))
    told = await till.event_of(payment, "payment.captured")
    foreign = told["data"]["object"] | {"id": "pay_of_the_dashboard", "reference": NUMBER}

    assert (await till.tell(told | {"id": "evt_foreign", "data": {"object": foreign}})).status_code == 202

    [kept] = [each for each in await till.events() if each["event_id"] == "evt_foreign"]
    body = posted(await till.operator.get(f"/v1/admin/gateway-events/{kept['id']}"), 200)["body"]
    assert "pay_of_the_dashboard" in body
    assert not holds_card_number(body)


async def test_a_card_number_as_an_idempotency_key_is_refused(till: Till) -> None:
    answer = await till.pay(await till.wallet(), key=NUMBER.replace(" ", ""))

    refused(answer, 400, "invalid_idempotency_key")
    assert "4242" not in answer.text
