"""Each way to move money runs between the right accounts, and leaves a record that explains it."""

from typing import Any

import pytest

from conftest import Tenant
from integration.http.answers import posted, refused, traceable
from integration.http.money_routes import MONEY_ROUTES, MoneyRoute, Shop, fresh_key, ids

RUNS = {
    "CreditWallet": ("credit", "treasury", "main"),
    "DebitWallet": ("debit", "main", "treasury"),
    "TopUpWallet": ("topup", "treasury", "main"),
    "GrantBonus": ("bonus", "promotions", "main"),
    "SpendFromWallet": ("spend", "main", "revenue"),
    "SendFromWallet": ("transfer", "main", "main"),
    "TopUpUser": ("topup", "treasury", "main"),
    "GrantUserBonus": ("bonus", "promotions", "main"),
    "SpendByUser": ("spend", "main", "revenue"),
    "CreateTransfer": ("transfer", "main", "main"),
    "CreateTransferBatch": ("transfer", "main", "main"),
    "ReverseTransfer": ("reversal", "main", "main"),
    "PlaceHold": ("hold", "main", "reserve"),
    "CaptureHold": ("capture", "reserve", "revenue"),
    "ReleaseHold": ("release", "reserve", "main"),
}


def transfer_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The transfer, wherever the answer has it."""
    if "transfers" in answer:
        answer = answer["transfers"][0]
    transfer: dict[str, Any] = answer.get("transfer", answer)
    return transfer


@pytest.mark.parametrize("route", MONEY_ROUTES, ids=ids)
async def test_money_runs_between_two_accounts_and_the_record_says_so(shop: Shop, route: MoneyRoute) -> None:
    type_, source, destination = RUNS[route.operation]

    answer = await shop.tenant.client.post(route.path(shop), json=route.body(shop), headers=fresh_key())

    transfer = transfer_of(posted(answer, route.status))
    debit, credit = transfer["entries"]
    assert transfer["type"] == type_
    assert (debit["direction"], debit["purpose"]) == ("debit", source)
    assert (credit["direction"], credit["purpose"]) == ("credit", destination)
    assert debit["amount"] == credit["amount"]
    assert debit["balance_before"] - debit["amount"] == debit["balance_after"]
    assert credit["balance_before"] + credit["amount"] == credit["balance_after"]
    assert transfer["trace_id"] == traceable(answer)


async def test_what_the_answer_says_is_what_reading_says(shop: Shop) -> None:
    for route in MONEY_ROUTES:
        answer = await shop.tenant.client.post(route.path(shop), json=route.body(shop), headers=fresh_key())

        transfer = transfer_of(posted(answer, route.status))
        read = posted(await shop.tenant.client.get(f"/v1/transfers/{transfer['id']}"), 200)

        assert read == transfer
        for standing in transfer["balances"]:
            assert await shop.tenant.available(standing["wallet_id"]) == standing["available"]


@pytest.mark.parametrize(
    ("action", "field"), [("topup", "payment_method"), ("bonus", "bonus_type"), ("spend", "item_id")]
)
async def test_what_a_movement_says_about_itself_is_kept(shop: Shop, action: str, field: str) -> None:
    said = {
        "amount": 5,
        "reference": f"{action}-{shop.user_id}",
        "description": "Größe, 大",
        "metadata": {"b": 2, "a": 1},
    }

    transfer = posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/{action}", said | {field: "this one"}))

    assert transfer["reference"] == said["reference"]
    assert transfer["description"] == "Größe, 大"
    assert transfer["metadata"] == {"a": 1, "b": 2, field: "this one"}


async def test_a_top_up_and_a_bonus_open_the_wallet_that_is_missing(shop: Shop) -> None:
    for path, user_id in (("/v1/topups", f"new-1-{shop.user_id}"), ("/v1/bonuses", f"new-2-{shop.user_id}")):
        transfer = posted(await shop.tenant.post(path, {"user_id": user_id, "asset": "JPY", "amount": 700}))

        wallets = (await shop.tenant.client.get(f"/v1/users/{user_id}/balances")).json()["wallets"]
        assert [(wallet["asset"], wallet["balance"]["available"]) for wallet in wallets] == [("JPY", 700)]
        assert transfer["balances"] == [{"wallet_id": wallets[0]["id"], "asset": "JPY", "available": 700}]


async def test_the_largest_amount_moves(tenant: Tenant) -> None:
    wallet = await tenant.wallet("croesus")

    answer = posted(await tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 10**15}))

    assert answer["entries"][1]["amount"] == 10**15


async def test_a_balance_stays_within_what_javascript_can_count(tenant: Tenant) -> None:
    wallet = await tenant.wallet("croesus")
    for _ in range(9):
        posted(await tenant.post(f"/v1/wallets/{wallet}/topup", {"amount": 10**15}))

    refused(await tenant.post(f"/v1/wallets/{wallet}/topup", {"amount": 10**15}), 422, "balance_too_large")
    refused(await tenant.post(f"/v1/wallets/{wallet}/bonus", {"amount": 10**15}), 422, "balance_too_large")


async def test_a_wallet_never_owes(shop: Shop) -> None:
    document = refused(
        await shop.tenant.post(f"/v1/wallets/{shop.bob}/spend", {"amount": 101}), 422, "insufficient_funds"
    )

    assert (document["available"], document["asset"], document["wallet_id"]) == (100, "USD", shop.bob)
    assert await shop.tenant.available(shop.bob) == 100


async def test_every_record_of_a_wallet_names_the_request_that_made_it(shop: Shop) -> None:
    made = [
        traceable(await shop.tenant.client.post(route.path(shop), json=route.body(shop), headers=fresh_key()))
        for route in MONEY_ROUTES
        if route.operation != "CaptureHold"  # from the reserve to the revenue: no line of the available money
    ]
    lines = (await shop.tenant.client.get(f"/v1/wallets/{shop.alice}/entries?limit=100")).json()["items"]

    assert set(made) <= {line["trace_id"] for line in lines}
