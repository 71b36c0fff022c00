"""The wire protocol as docs/simulator.md describes it: objects, look-ups, balance, errors, and who may ask."""

from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from entrypoints.simulator.app import create_app
from entrypoints.simulator.protocol_mock.dialect import MockVoice
from entrypoints.simulator.simulator import Simulator
from entrypoints.simulator.store.truth_file import TruthFile
from integration.simulator.merchants import Merchant, payment_body


async def all_movements(merchant: Merchant, *, limit: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    cursor, has_more = "0", True
    while has_more:
        page = await merchant.get("/v1/movements", cursor=cursor, limit=limit)
        lines += page["data"]
        cursor, has_more = page["next_cursor"], page["has_more"]
    return lines


async def balance(merchant: Merchant, currency: str = "USD") -> int:
    balances = (await merchant.get("/v1/account"))["balances"]
    return next((each["total"] for each in balances if each["currency"] == currency), 0)


async def test_movements_in_pages_sum_up_to_the_balance(merchant: Merchant) -> None:
    await merchant.set_up(delays={"refund": 0, "payout_in_transit": 0, "payout_paid": 0})
    for amount in (1000, 2000, 3000):
        payment = (await merchant.pay(amount=amount)).json()
        await merchant.post(f"/v1/payments/{payment['id']}/refunds", {"reference": "r", "amount": 100})
    await merchant.pay(amount=700, currency="JPY")
    for destination in ("ba_ok", "ba_fails"):
        payout = {"reference": "p", "amount": 500, "currency": "USD", "destination": destination}
        assert (await merchant.post("/v1/payouts", payout)).status_code == 201
    lines = await all_movements(merchant, limit=2)
    assert lines == await all_movements(merchant, limit=1000)
    assert len({line["id"] for line in lines}) == len(lines) == 10
    assert all(line["gross"] - line["fee"] == line["net"] for line in lines)
    for currency in ("USD", "JPY"):
        assert sum(line["net"] for line in lines if line["currency"] == currency) == await balance(merchant, currency)


async def test_a_cursor_that_reached_the_end_gives_later_what_was_added_since(merchant: Merchant) -> None:
    await merchant.pay(reference="before")
    end = (await merchant.get("/v1/movements"))["next_cursor"]
    assert (await merchant.get("/v1/movements", cursor=end)) == {"data": [], "next_cursor": end, "has_more": False}
    await merchant.pay(reference="after")
    (added,) = (await merchant.get("/v1/movements", cursor=end))["data"]
    assert added["reference"] == "after"


async def test_the_truth_and_the_balance_agree(merchant: Merchant) -> None:
    for method in ("pm_card_ok", "pm_card_declined_fraud", "pm_card_3ds"):
        await merchant.pay(method)
    totals = (await merchant.simulator.control("GET", "/journal/totals", query={"account": merchant.account_id}))[
        "data"
    ]
    by_effect = {total["effect"]: (total["count"], total["amount"], total["fee"]) for total in totals}
    assert by_effect == {"authorized": (1, 1000, 0), "captured": (1, 1000, 40), "declined": (1, 1000, 0)}
    assert await balance(merchant) == 960


async def test_an_authorization_is_captured_in_parts_and_never_beyond(merchant: Merchant) -> None:
    payment = (await merchant.pay(capture_method="manual")).json()
    path = f"/v1/payments/{payment['id']}"
    part = (await merchant.post(f"{path}/capture", {"amount": 400, "final": False, "reference": "first-part"})).json()
    assert (part["status"], part["captured"], part["capturable"]) == ("partially_captured", 400, 600)
    beyond = await merchant.post(f"{path}/capture", {"amount": 601})
    assert (beyond.status_code, beyond.json()["error"]["code"]) == (422, "capture_exceeds_authorized")
    done = (await merchant.post(f"{path}/capture", {"amount": 100})).json()
    assert (done["status"], done["captured"], done["released"]) == ("captured", 500, 500)
    references = [line["reference"] for line in await all_movements(merchant, limit=100)]
    assert references == ["first-part", payment["reference"]]


async def test_a_payment_may_be_made_first_and_confirmed_later(merchant: Merchant) -> None:
    payment = (await merchant.pay(None, confirm=False)).json()
    assert (payment["status"], await merchant.truth()) == ("created", [])
    path = f"/v1/payments/{payment['id']}/confirm"
    declined = await merchant.post(path, {"payment_method": "pm_card_declined_lost_card"})
    assert declined.status_code == 402
    error, after = declined.json()["error"], declined.json()["payment"]
    assert (error["type"], error["code"], error["advice_code"]) == ("declined", "lost_card", "do_not_try_again")
    assert (after["id"], after["status"]) == (payment["id"], "failed")
    assert (await merchant.post(path, {"payment_method": "pm_card_ok"})).status_code == 422


async def test_absence_by_reference_is_told_as_an_empty_list(merchant: Merchant) -> None:
    for kind in ("payments", "refunds", "payouts"):
        assert await merchant.get(f"/v1/{kind}", reference="never-sent") == {"data": []}
        assert (await merchant.client.get(f"/v1/{kind}")).status_code == 400


async def test_every_kind_is_found_by_its_reference(merchant: Merchant) -> None:
    payment = (await merchant.pay(reference="a/b c?ü&")).json()
    refund = (await merchant.post(f"/v1/payments/{payment['id']}/refunds", {"reference": "r-1"})).json()
    payout = {"reference": "p-1", "amount": 1, "currency": "USD", "destination": "ba_slow"}
    await merchant.simulator.control(
        "POST", f"/accounts/{merchant.account_id}/fund", {"amount": 5000, "currency": "USD"}
    )
    payout = (await merchant.post("/v1/payouts", payout)).json()
    for kind, reference, known in (
        ("payments", "a/b c?ü&", payment),
        ("refunds", "r-1", refund),
        ("payouts", "p-1", payout),
    ):
        (found,) = (await merchant.get(f"/v1/{kind}", reference=reference))["data"]
        assert found["id"] == known["id"]
        assert await merchant.get(f"/v1/{kind}/{known['id']}") == found


async def test_merchants_do_not_see_each_other(merchant: Merchant, other_merchant: Merchant) -> None:
    payment = (await merchant.pay(reference="mine", capture_method="manual")).json()
    assert (await other_merchant.client.get(f"/v1/payments/{payment['id']}")).status_code == 404
    assert (await other_merchant.post(f"/v1/payments/{payment['id']}/capture")).status_code == 404
    assert (await other_merchant.get("/v1/payments", reference="mine"))["data"] == []
    assert (await other_merchant.get("/v1/movements"))["data"] == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic a2V5"])
async def test_nobody_without_a_key_learns_anything(merchant: Merchant, header: str) -> None:
    for path in ("/v1/account", "/v1/payments/x", "/v1/nowhere"):
        answer = await merchant.client.get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")


async def test_a_disabled_account_is_forbidden_and_a_replaced_key_is_dead(merchant: Merchant) -> None:
    await merchant.set_up(disabled=True)
    assert (await merchant.client.get("/v1/account")).status_code == 403
    await merchant.simulator.open_account(merchant.account_id, api_keys=["key_" + merchant.account_id])
    assert (await merchant.client.get("/v1/account")).status_code == 401


async def test_a_currency_the_account_does_not_take_is_refused(merchant: Merchant) -> None:
    await merchant.set_up(currencies=["EUR"])
    refused = await merchant.pay()
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "currency_not_supported")
    assert (await merchant.pay(currency="EUR")).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_field"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_field"),
        (b'{"reference": "r", "amount": 1.5, "currency": "USD"}', "invalid_field"),
        (b'{"reference": "r", "amount": 1, "currency": "USD", "card_number": "4"}', "invalid_field"),
        (b"\xff", "invalid_json"),
        (b"[" * 100_000, "invalid_field"),
    ],
)
async def test_a_broken_body_is_400(merchant: Merchant, body: bytes, code: str) -> None:
    answer = await merchant.client.post("/v1/payments", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_a_body_that_is_too_large_and_a_path_that_is_none_are_told(merchant: Merchant) -> None:
    large = await merchant.client.post("/v1/payments", json=payment_body(description="x" * 300_000))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "body_too_large")
    nowhere = await merchant.client.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "route_not_found")
    assert (await merchant.client.delete("/v1/payments")).status_code == 405


@pytest.fixture
def app() -> ASGIApp:
    """The application without a server: only so can a client come from elsewhere."""
    base_url = "http://127.0.0.1:1"
    return create_app(Simulator(TruthFile(None), {"mock": MockVoice(base_url)}, base_url=base_url, seed=0), port=1)


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("127.8.8.8", 200), ("192.0.2.7", 404), ("", 404)])
async def test_the_control_answers_this_machine_alone(app: ASGIApp, host: str, status: int) -> None:
    transport = httpx.ASGITransport(app, client=(host, 50_000))  # type: ignore[arg-type]  # two names for one protocol
    async with httpx.AsyncClient(transport=transport, base_url="http://simulator.test") as client:
        assert (await client.get("/_control/clock")).status_code == status


async def test_a_page_of_strangers_in_the_browser_cannot_steer(merchant: Merchant) -> None:
    headers = {"Origin": "http://elsewhere.test"}
    answer = await merchant.client.post("/_control/clock/advance", json={"seconds": 5}, headers=headers)
    assert answer.status_code == 404


async def test_an_account_cannot_speak_a_protocol_that_nobody_knows(merchant: Merchant) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        await merchant.set_up(protocol="morse")


async def test_a_key_belongs_to_one_account(merchant: Merchant, other_merchant: Merchant) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        await other_merchant.simulator.open_account(other_merchant.account_id, api_keys=[merchant.api_key])
    assert (await merchant.get("/v1/account"))["id"] == merchant.account_id
