"""What a payer sees and does, and what a developer sees afterwards."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integration.simulator.merchants import Merchant

CARD, CARD_3DS, NO_FUNDS = "4242 4242 4242 4242", "4000002500003155", "4000 0000 0000 9995"
NOT_A_TEST_CARD = "4929123456789012"


async def waiting(merchant: Merchant, method: str | None, **more: Any) -> dict[str, Any]:
    """A payment whose payer is wanted on the page."""
    payment: dict[str, Any] = (await merchant.pay(method, **more)).json()
    assert payment["status"] == "requires_action"
    assert payment["next_action"]["type"] == "redirect"
    return payment


async def submit(merchant: Merchant, payment: dict[str, Any], **form: str) -> httpx.Response:
    return await merchant.client.post(payment["next_action"]["url"], data=form)


def hint(answer: httpx.Response) -> dict[str, str]:
    """What the merchant's page is told."""
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def test_a_payer_approves_and_comes_back_with_a_hint(merchant: Merchant) -> None:
    payment = await waiting(merchant, "pm_card_3ds", return_url="http://shop.test/back?basket=7")
    shown = await merchant.client.get(payment["next_action"]["url"])
    assert shown.status_code == 200
    assert "approve" in shown.text
    assert "card_number" not in shown.text
    back = await submit(merchant, payment, action="approve")
    assert hint(back) == {"basket": "7", "payment_id": payment["id"], "status": "succeeded"}
    assert (await merchant.get(f"/v1/payments/{payment['id']}"))["status"] == "captured"


async def test_a_payer_refuses(merchant: Merchant) -> None:
    payment = await waiting(merchant, "pm_card_3ds")
    assert hint(await submit(merchant, payment, action="refuse"))["status"] == "failed"
    failed = await merchant.get(f"/v1/payments/{payment['id']}")
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "authentication_failed")
    assert await merchant.truth() == [("declined", 1000)]


async def test_a_payer_types_a_card(merchant: Merchant) -> None:
    payment = await waiting(merchant, None)
    assert "card_number" in (await merchant.client.get(payment["next_action"]["url"])).text
    assert hint(await submit(merchant, payment, action="pay", card_number=CARD))["status"] == "succeeded"
    paid = await merchant.get(f"/v1/payments/{payment['id']}")
    assert paid["payment_method"] == {"token": None, "kind": "card", "brand": "visa", "last4": "4242"}


async def test_a_typed_card_may_be_declined(merchant: Merchant) -> None:
    payment = await waiting(merchant, None)
    assert hint(await submit(merchant, payment, action="pay", card_number=NO_FUNDS))["status"] == "failed"
    assert (await merchant.get(f"/v1/payments/{payment['id']}"))["failure"]["code"] == "insufficient_funds"


async def test_a_typed_card_may_want_3d_secure_first(merchant: Merchant) -> None:
    payment = await waiting(merchant, None, capture_method="manual")
    challenge = await submit(merchant, payment, action="pay", card_number=CARD_3DS)
    assert challenge.status_code == 200
    assert "approve" in challenge.text
    assert hint(await submit(merchant, payment, action="approve"))["status"] == "succeeded"
    assert (await merchant.get(f"/v1/payments/{payment['id']}"))["status"] == "authorized"


async def test_a_form_that_comes_twice_pays_once(merchant: Merchant) -> None:
    payment = await waiting(merchant, None)
    for _ in range(2):
        assert hint(await submit(merchant, payment, action="pay", card_number=CARD))["status"] == "succeeded"
    assert await merchant.charges(payment["reference"]) == 1
    again = await merchant.client.get(payment["next_action"]["url"])
    assert hint(again)["status"] == "succeeded"


async def test_a_canceled_payment_cannot_be_approved_any_more(merchant: Merchant) -> None:
    payment = await waiting(merchant, "pm_card_3ds")
    assert (await merchant.post(f"/v1/payments/{payment['id']}/cancel")).status_code == 200
    assert hint(await submit(merchant, payment, action="approve"))["status"] == "canceled"
    assert await merchant.truth() == []


@pytest.mark.parametrize("form", [{}, {"action": "approve"}, {"action": "steal"}, {"action": "pay"}])
async def test_other_forms_change_nothing(merchant: Merchant, form: dict[str, str]) -> None:
    payment = await waiting(merchant, None)
    assert (await submit(merchant, payment, **form)).status_code == 422
    assert (await merchant.get(f"/v1/payments/{payment['id']}"))["status"] == "requires_action"


async def test_a_real_card_number_is_neither_taken_nor_shown_nor_kept(merchant: Merchant) -> None:
    payment = await waiting(merchant, None)
    refused = await submit(merchant, payment, action="pay", card_number=NOT_A_TEST_CARD)
    assert refused.status_code == 422
    assert NOT_A_TEST_CARD not in refused.text
    await submit(merchant, payment, action="pay", card_number=CARD)
    files = [path.read_bytes() for path in merchant.simulator.log.parent.iterdir()]
    assert len(files) >= 2
    for digits in (NOT_A_TEST_CARD, CARD, CARD.replace(" ", "")):
        assert not any(digits.encode() in content for content in files)


async def test_an_unknown_page_is_not_found(merchant: Merchant) -> None:
    assert (await merchant.client.get("/hosted/page_none")).status_code == 404
    assert (await merchant.client.post("/hosted/page_none", data={"action": "approve"})).status_code == 404


async def test_the_front_page_lists_what_was_done_and_shows_markup_as_text(merchant: Merchant) -> None:
    await merchant.pay(reference="<script>alert(1)</script>")
    shown = await merchant.client.get("/")
    assert shown.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    assert "<script" not in shown.text
    assert merchant.account_id in shown.text
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
