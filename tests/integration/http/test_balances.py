"""What a wallet has now, what it had at any past instant, and what a user has in all."""

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop


async def test_a_balance_is_known_at_every_past_instant(shop: Shop) -> None:
    path = f"/v1/wallets/{shop.bob}/balance"
    credits = [await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": amount}) for amount in (10, 20, 30)]
    moments = [posted(credit)["posted_at"] for credit in credits]

    told = [posted(await shop.tenant.client.get(path, params={"at": moment}), 200) for moment in moments]

    assert [answer["balance"]["available"] for answer in told] == [110, 130, 160]
    assert [answer["at"] for answer in told] == moments
    assert posted(await shop.tenant.client.get(path), 200)["balance"]["available"] == 160


async def test_an_instant_may_come_with_any_offset(shop: Shop) -> None:
    posted_at = posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": 10}))["posted_at"]
    hour = int(posted_at[11:13])
    elsewhere = f"{posted_at[:11]}{(hour + 1) % 24:02}{posted_at[13:-1]}+01:00"
    if hour == 23:
        return  # the day would change as well

    told = posted(await shop.tenant.client.get(f"/v1/wallets/{shop.bob}/balance", params={"at": elsewhere}), 200)

    assert (told["at"], told["balance"]["available"]) == (posted_at, 110)


async def test_what_was_held_counts_as_reserved_then(shop: Shop) -> None:
    placed = posted(await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 60}))
    posted(await shop.tenant.post(f"/v1/holds/{placed['hold']['id']}/release", {}), 200)

    told = await shop.tenant.client.get(
        f"/v1/wallets/{shop.bob}/balance", params={"at": placed["transfer"]["posted_at"]}
    )

    assert told.json()["balance"] == {"available": 40, "reserved": 60, "total": 100}


async def test_a_user_sees_every_asset_and_nobody_elses(shop: Shop) -> None:
    for asset, amount in (("EUR", 5), ("JPY", 7), ("KWD", 9)):
        await shop.tenant.wallet(shop.user_id, asset=asset, balance=amount)

    told = posted(await shop.tenant.client.get(f"/v1/users/{shop.user_id}/balances"), 200)

    assert told["user_id"] == shop.user_id
    assert {wallet["asset"]: wallet["balance"]["total"] for wallet in told["wallets"]} == {
        "USD": 999_900,
        "EUR": 5,
        "JPY": 7,
        "KWD": 9,
    }


async def test_a_user_without_wallets_has_none(shared_shop: Shop) -> None:
    client = shared_shop.tenant.client

    assert (await client.get("/v1/users/nobody/balances")).json() == {"user_id": "nobody", "wallets": []}
    assert (await client.get("/v1/users/nobody/transactions")).json() == {"items": [], "next_cursor": None}


async def test_a_users_movements_come_together_across_assets_newest_first(shop: Shop) -> None:
    euros = await shop.tenant.wallet(shop.user_id, asset="EUR")
    for wallet, amount in ((shop.alice, 1), (euros, 2), (shop.alice, 3)):
        posted(await shop.tenant.post(f"/v1/wallets/{wallet}/bonus", {"amount": amount}))

    told = posted(await shop.tenant.client.get(f"/v1/users/{shop.user_id}/transactions?type=bonus"), 200)

    assert [(line["entry"]["asset"], line["entry"]["amount"]) for line in told["items"]] == [
        ("USD", 3),
        ("EUR", 2),
        ("USD", 1),
    ]


async def test_nobodys_balance_is_not_found(shared_shop: Shop) -> None:
    path = f"/v1/wallets/{shared_shop.hold}/balance"

    refused(await shared_shop.tenant.client.get(path), 404, "wallet_not_found")
    refused(await shared_shop.tenant.client.get(f"{path}?at=2026-01-01T00:00:00Z"), 404, "wallet_not_found")
