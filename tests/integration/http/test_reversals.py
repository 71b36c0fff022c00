"""A transfer is undone by its mirror image, once, if the money is still there."""

import asyncio
from uuid import uuid4

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop


async def test_a_reversal_gives_back_what_moved_and_both_say_so(shop: Shop) -> None:
    reversal = posted(await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {"description": "by mistake"}))
    original = (await shop.tenant.client.get(f"/v1/transfers/{shop.transfer}")).json()

    assert reversal["reversal_of"] == shop.transfer
    assert (original["status"], original["reversed_by"]) == ("reversed", reversal["id"])
    assert reversal["status"] == "posted"
    assert await shop.tenant.available(shop.bob) == 0


async def test_a_transfer_is_reversed_once(shop: Shop) -> None:
    reversal = posted(await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}))

    document = refused(
        await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}), 409, "transfer_already_reversed"
    )

    assert document["transfer_id"] == reversal["id"]


async def test_of_many_reversals_at_once_one_wins(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await shop.tenant.available(shop.bob) == 0


async def test_every_movement_with_the_tenant_can_be_reversed(shop: Shop) -> None:
    before = await shop.tenant.available(shop.alice)
    for action in ("credit", "debit", "topup", "bonus", "spend"):
        moved = posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/{action}", {"amount": 50}))

        posted(await shop.tenant.post(f"/v1/transfers/{moved['id']}/reverse", {}))

        assert await shop.tenant.available(shop.alice) == before, action


async def test_many_legs_are_taken_back_last_first(shop: Shop) -> None:
    carol = await shop.tenant.wallet(f"carol-{shop.user_id}")
    legs = [
        {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 400},
        {"from_wallet_id": shop.bob, "to_wallet_id": carol, "amount": 500},
    ]
    moved = posted(await shop.tenant.post("/v1/transfers", {"legs": legs}))

    reversal = posted(await shop.tenant.post(f"/v1/transfers/{moved['id']}/reverse", {}))

    assert [entry["wallet_id"] for entry in reversal["entries"]] == [carol, shop.bob, shop.bob, shop.alice]
    assert (await shop.tenant.available(carol), await shop.tenant.available(shop.bob)) == (0, 100)


async def test_money_that_is_gone_cannot_be_given_back(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/spend", {"amount": 60}))

    refused(await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}), 422, "insufficient_funds")

    assert (await shop.tenant.client.get(f"/v1/transfers/{shop.transfer}")).json()["status"] == "posted"
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": 60}))
    posted(await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}))


async def test_what_ends_in_another_way_is_not_reversed(shop: Shop) -> None:
    capture = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 10}), 200)
    release = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/release", {}), 200)
    reversal = posted(await shop.tenant.post(f"/v1/transfers/{shop.transfer}/reverse", {}))

    for transfer_id in (shop.hold, capture["transfer"]["id"], release["transfer"]["id"], reversal["id"]):
        answer = await shop.tenant.post(f"/v1/transfers/{transfer_id}/reverse", {})
        refused(answer, 422, "transfer_not_reversible")


async def test_nothing_cannot_be_reversed(shared_shop: Shop) -> None:
    answer = await shared_shop.tenant.post(f"/v1/transfers/{uuid4()}/reverse", {})

    refused(answer, 404, "transfer_not_found")
