"""Card numbers do not get in: refused with the field's name, repeated to nobody, and nothing is asked for."""

from typing import Any
from uuid import uuid4

import pytest

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
