"""Wallets: one for each user and asset, frozen, thawed and closed by rule."""

import asyncio

import pytest

from integration.http.answers import posted, refused
from integration.http.money_routes import MONEY_ROUTES, Shop, fresh_key


async def set_status(shop: Shop, wallet_id: str, status: str) -> None:
    """Freeze, thaw or close."""
    told = posted(await shop.tenant.client.patch(f"/v1/wallets/{wallet_id}", json={"status": status}), 200)
    assert told["status"] == status


async def test_the_same_user_and_asset_have_one_wallet(shop: Shop) -> None:
    body = {"user_id": f"new-{shop.user_id}", "asset": "USD", "metadata": {"tier": "gold"}}

    first = await shop.tenant.client.post("/v1/wallets", json=body)
    again = await shop.tenant.client.post("/v1/wallets", json=body | {"metadata": {"tier": "other"}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["balance"] == {"available": 0, "reserved": 0, "total": 0}
    assert first.json()["metadata"] == {"tier": "gold"}


async def test_many_who_open_one_wallet_at_once_get_the_same(shop: Shop) -> None:
    body = {"user_id": f"new-{shop.user_id}", "asset": "USD"}

    answers = await asyncio.gather(*(shop.tenant.client.post("/v1/wallets", json=body) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_wallets_of_one_user_are_listed(shop: Shop) -> None:
    await shop.tenant.wallet(shop.user_id, asset="EUR")

    told = posted(await shop.tenant.client.get("/v1/wallets", params={"user_id": shop.user_id}), 200)

    assert [wallet["asset"] for wallet in told["items"]] == ["USD", "EUR"]


async def test_a_frozen_wallet_refuses_what_is_begun(shop: Shop) -> None:
    await set_status(shop, shop.alice, "frozen")

    for route in (route for route in MONEY_ROUTES if route.operation != "ReleaseHold"):
        answer = await shop.tenant.client.post(route.path(shop), json=route.body(shop), headers=fresh_key())
        assert refused(answer, 422, "wallet_frozen")["wallet_id"] == shop.alice


async def test_a_frozen_wallet_still_gets_back_what_was_held(shop: Shop) -> None:
    await set_status(shop, shop.alice, "frozen")

    released = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/release", {}), 200)

    assert released["balance"]["reserved"] == 0


async def test_a_thawed_wallet_is_as_before(shop: Shop) -> None:
    await set_status(shop, shop.alice, "frozen")
    await set_status(shop, shop.alice, "frozen")
    await set_status(shop, shop.alice, "active")

    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/spend", {"amount": 5}))


async def test_a_wallet_with_money_left_is_not_closed(shop: Shop) -> None:
    for wallet_id, total in ((shop.bob, 100), (shop.alice, 999_900)):
        answer = await shop.tenant.client.patch(f"/v1/wallets/{wallet_id}", json={"status": "closed"})
        assert refused(answer, 409, "wallet_not_empty", "#/status")["total"] == total


async def test_a_wallet_whose_money_is_all_held_is_not_closed(shop: Shop) -> None:
    posted(await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 100}))

    answer = await shop.tenant.client.patch(f"/v1/wallets/{shop.bob}", json={"status": "closed"})

    refused(answer, 409, "wallet_not_empty", "#/status")


async def test_a_closed_wallet_takes_nothing_and_gives_nothing(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/debit", {"amount": 100}))
    await set_status(shop, shop.bob, "closed")

    for action in ("credit", "topup", "bonus", "debit", "spend"):
        refused(await shop.tenant.post(f"/v1/wallets/{shop.bob}/{action}", {"amount": 5}), 422, "wallet_closed")


async def test_a_closed_wallet_stays_closed_but_can_be_read(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/debit", {"amount": 100}))
    await set_status(shop, shop.bob, "closed")
    await set_status(shop, shop.bob, "closed")

    for status in ("active", "frozen"):
        answer = await shop.tenant.client.patch(f"/v1/wallets/{shop.bob}", json={"status": status})
        refused(answer, 409, "invalid_status_change", "#/status")
    assert len((await shop.tenant.client.get(f"/v1/wallets/{shop.bob}/entries")).json()["items"]) == 2


async def test_metadata_is_replaced_cleared_or_left(shop: Shop) -> None:
    path = f"/v1/wallets/{shop.alice}"

    replaced = posted(await shop.tenant.client.patch(path, json={"metadata": {"b": [1], "a": None}}), 200)
    left = posted(await shop.tenant.client.patch(path, json={}), 200)
    cleared = posted(await shop.tenant.client.patch(path, json={"metadata": None}), 200)

    assert replaced["metadata"] == left["metadata"] == {"a": None, "b": [1]}
    assert cleared["metadata"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"status": "burnt"}, "#/status"),
        ({"status": 1}, "#/status"),
        ({"balance": 1}, "#/balance"),
        ({"user_id": "mallory"}, "#/user_id"),
        ({"asset": "EUR"}, "#/asset"),
        ({"metadata": []}, "#/metadata"),
        ({"metadata": {"x": "y" * 40_000}}, "#/metadata"),
    ],
)
async def test_what_a_wallet_is_cannot_be_changed_otherwise(shared_shop: Shop, body: object, pointer: str) -> None:
    answer = await shared_shop.tenant.client.patch(f"/v1/wallets/{shared_shop.alice}", json=body)

    code = "metadata_too_large" if "y" in str(body)[30:] else "invalid_field"
    refused(answer, 400, code, pointer)


async def test_no_transfer_slips_past_a_freeze(shop: Shop) -> None:
    one = {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 1}
    spending = [asyncio.create_task(shop.tenant.post("/v1/transfers", one)) for _ in range(30)]
    await set_status(shop, shop.alice, "frozen")
    frozen_at = await shop.tenant.available(shop.alice)

    answers = await asyncio.gather(*spending)

    assert {answer.status_code for answer in answers} <= {201, 422}
    assert await shop.tenant.available(shop.alice) == frozen_at
