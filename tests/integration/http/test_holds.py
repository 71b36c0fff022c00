"""Money set aside: captured in parts, released, or out of time."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop


async def balance_of(shop: Shop, wallet_id: str) -> dict[str, Any]:
    """Available, reserved, total."""
    balance: dict[str, Any] = (await shop.tenant.client.get(f"/v1/wallets/{wallet_id}")).json()["balance"]
    return balance


async def read(shop: Shop, hold_id: str) -> dict[str, Any]:
    """The hold as it is now."""
    return posted(await shop.tenant.client.get(f"/v1/holds/{hold_id}"), 200)


async def test_a_hold_sets_money_aside_but_keeps_it_the_users(shop: Shop) -> None:
    placed = posted(
        await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 60, "expires_in_seconds": 600})
    )

    assert placed["balance"] == {"available": 40, "reserved": 60, "total": 100}
    assert await balance_of(shop, shop.bob) == placed["balance"]
    assert placed["hold"] == await read(shop, placed["hold"]["id"])
    assert (placed["hold"]["status"], placed["hold"]["remaining"]) == ("pending", 60)
    assert placed["transfer"]["status"] == "pending"


async def test_held_money_cannot_be_spent_and_not_be_held_again(shop: Shop) -> None:
    posted(await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 60}))

    refused(await shop.tenant.post(f"/v1/wallets/{shop.bob}/spend", {"amount": 41}), 422, "insufficient_funds")
    refused(await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 41}), 422, "insufficient_funds")


async def test_a_hold_is_captured_part_by_part_until_nothing_remains(shop: Shop) -> None:
    capture = f"/v1/holds/{shop.hold}/capture"

    first = posted(await shop.tenant.post(capture, {"amount": 300}), 200)["hold"]
    second = posted(await shop.tenant.post(capture, {"amount": 700}), 200)["hold"]

    assert (first["status"], first["captured"], first["remaining"]) == ("pending", 300, 700)
    assert (second["status"], second["captured"], second["remaining"]) == ("captured", 1000, 0)
    refused(await shop.tenant.post(capture, {"amount": 1}), 409, "hold_not_pending")
    assert (await shop.tenant.client.get(f"/v1/transfers/{shop.hold}")).json()["status"] == "captured"


async def test_a_capture_without_an_amount_takes_all_that_remains(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 300}), 200)

    captured = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {}), 200)

    assert captured["transfer"]["entries"][0]["amount"] == 700
    assert captured["hold"]["status"] == "captured"


async def test_a_final_capture_gives_the_rest_back(shop: Shop) -> None:
    before = (await balance_of(shop, shop.alice))["available"]

    captured = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 300, "final": True}), 200)

    hold = captured["hold"]
    assert (hold["status"], hold["captured"], hold["released"], hold["remaining"]) == ("captured", 300, 700, 0)
    assert captured["balance"] == {"available": before + 700, "reserved": 0, "total": before + 700}


async def test_a_capture_may_pay_another_wallet(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 300, "to_wallet_id": shop.bob}), 200)

    assert await shop.tenant.available(shop.bob) == 400
    refused(
        await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"to_wallet_id": str(uuid4())}),
        404,
        "wallet_not_found",
    )


async def test_a_capture_cannot_take_more_than_remains(shop: Shop) -> None:
    answer = await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 1001})

    assert refused(answer, 422, "capture_exceeds_hold", "#/amount")["remaining"] == 1000


async def test_captures_at_once_never_take_more_than_was_held(shop: Shop) -> None:
    answers = await asyncio.gather(
        *(shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 300}) for _ in range(10))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [422] * 7
    assert (await read(shop, shop.hold))["captured"] == 900


async def test_a_release_gives_back_what_remains_once(shop: Shop) -> None:
    posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/capture", {"amount": 300}), 200)

    released = posted(await shop.tenant.post(f"/v1/holds/{shop.hold}/release", {"description": "cancelled"}), 200)

    assert (released["hold"]["status"], released["hold"]["released"]) == ("released", 700)
    assert released["balance"]["reserved"] == 0
    for action in ("release", "capture"):
        refused(await shop.tenant.post(f"/v1/holds/{shop.hold}/{action}", {}), 409, "hold_not_pending")


async def test_a_hold_past_its_time_shows_as_expired_and_is_captured_no_more(shop: Shop) -> None:
    placed = posted(await shop.tenant.post("/v1/holds", {"wallet_id": shop.bob, "amount": 60, "expires_in_seconds": 1}))
    hold_id = placed["hold"]["id"]
    await asyncio.sleep(1.1)

    listed = (await shop.tenant.client.get(f"/v1/holds?wallet_id={shop.bob}")).json()["items"]

    assert [hold["status"] for hold in listed] == ["expired"]
    assert (await read(shop, hold_id))["status"] == "expired"
    assert (await shop.tenant.client.get(f"/v1/transfers/{hold_id}")).json()["status"] == "expired"
    refused(await shop.tenant.post(f"/v1/holds/{hold_id}/capture", {}), 422, "hold_expired")
    posted(await shop.tenant.post(f"/v1/holds/{hold_id}/release", {}), 200)
    assert await shop.tenant.available(shop.bob) == 100


@pytest.mark.parametrize("seconds", [0, -1, 31_536_001, 1.5, "60", None])
async def test_a_hold_lives_a_second_to_a_year(shared_shop: Shop, seconds: object) -> None:
    body = {"wallet_id": shared_shop.alice, "amount": 5, "expires_in_seconds": seconds}

    refused(await shared_shop.tenant.post("/v1/holds", body), 400, "invalid_field", "#/expires_in_seconds")


async def test_a_hold_on_nothing_is_refused(shared_shop: Shop) -> None:
    answer = await shared_shop.tenant.post("/v1/holds", {"wallet_id": str(uuid4()), "amount": 5})

    refused(answer, 404, "wallet_not_found")
    for action in ("capture", "release"):
        refused(await shared_shop.tenant.post(f"/v1/holds/{uuid4()}/{action}", {}), 404, "hold_not_found")
    refused(await shared_shop.tenant.client.get(f"/v1/holds/{uuid4()}"), 404, "hold_not_found")


async def test_holds_are_listed_newest_first(shop: Shop) -> None:
    placed = [
        posted(await shop.tenant.post("/v1/holds", {"wallet_id": shop.alice, "amount": 5}))["hold"]["id"]
        for _ in range(3)
    ]

    listed = (await shop.tenant.client.get(f"/v1/holds?wallet_id={shop.alice}")).json()["items"]

    assert [hold["id"] for hold in listed] == [*reversed(placed), shop.hold]
