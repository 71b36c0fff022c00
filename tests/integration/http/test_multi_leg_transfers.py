"""A transfer of many legs: in order, and all or none."""

from typing import Any

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop


def leg(source: str, destination: str, amount: int) -> dict[str, Any]:
    """One movement."""
    return {"from_wallet_id": source, "to_wallet_id": destination, "amount": amount}


async def test_legs_move_in_order_so_that_money_may_be_passed_on(shop: Shop) -> None:
    carol = await shop.tenant.wallet(f"carol-{shop.user_id}")
    legs = [leg(shop.alice, shop.bob, 400), leg(shop.bob, carol, 500)]

    transfer = posted(await shop.tenant.post("/v1/transfers", {"legs": legs}))

    assert [(entry["wallet_id"], entry["direction"], entry["amount"]) for entry in transfer["entries"]] == [
        (shop.alice, "debit", 400),
        (shop.bob, "credit", 400),
        (shop.bob, "debit", 500),
        (carol, "credit", 500),
    ]
    assert [entry["sequence"] for entry in transfer["entries"] if entry["wallet_id"] == shop.bob] == [2, 3]
    assert (await shop.tenant.available(shop.bob), await shop.tenant.available(carol)) == (0, 500)


async def test_legs_in_the_other_order_are_refused_as_a_whole(shop: Shop) -> None:
    carol = await shop.tenant.wallet(f"carol-{shop.user_id}")
    before = await shop.tenant.available(shop.alice)

    answer = await shop.tenant.post(
        "/v1/transfers", {"legs": [leg(shop.bob, carol, 500), leg(shop.alice, shop.bob, 400)]}
    )

    refused(answer, 422, "insufficient_funds")
    assert (await shop.tenant.available(shop.alice), await shop.tenant.available(carol)) == (before, 0)


async def test_a_failing_last_leg_takes_all_before_it_back(shop: Shop) -> None:
    legs = [leg(shop.alice, shop.bob, 1)] * 99 + [leg(shop.alice, shop.bob, 10**9)]
    before = await shop.tenant.available(shop.alice)

    refused(await shop.tenant.post("/v1/transfers", {"legs": legs}), 422, "insufficient_funds")

    assert (await shop.tenant.available(shop.alice), await shop.tenant.available(shop.bob)) == (before, 100)


async def test_legs_may_be_of_several_assets_each_in_its_own(shop: Shop) -> None:
    dollars, euros = (
        (shop.alice, shop.bob),
        (
            await shop.tenant.wallet(shop.user_id, asset="EUR", balance=50),
            await shop.tenant.wallet(f"bob-of-{shop.user_id}", asset="EUR"),
        ),
    )

    transfer = posted(await shop.tenant.post("/v1/transfers", {"legs": [leg(*dollars, 1), leg(*euros, 2)]}))

    assert [entry["asset"] for entry in transfer["entries"]] == ["USD", "USD", "EUR", "EUR"]
    assert await shop.tenant.available(euros[1]) == 2


async def test_a_hundred_legs_are_the_most(shop: Shop) -> None:
    one = leg(shop.alice, shop.bob, 1)

    assert len(posted(await shop.tenant.post("/v1/transfers", {"legs": [one] * 100}))["entries"]) == 200
    refused(await shop.tenant.post("/v1/transfers", {"legs": [one] * 101}), 400, "invalid_field", "#/legs")
    refused(await shop.tenant.post("/v1/transfers", {"legs": []}), 400, "invalid_field", "#/legs")
    bad = [one, one | {"amount": "1"}]
    refused(await shop.tenant.post("/v1/transfers", {"legs": bad}), 400, "invalid_field", "#/legs/1/amount")
    unknown = [one | {"fee": 1}]
    refused(await shop.tenant.post("/v1/transfers", {"legs": unknown}), 400, "invalid_field", "#/legs/0/fee")
