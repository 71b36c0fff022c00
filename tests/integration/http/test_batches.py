"""Many transfers in one request: each on its own, or all or none."""

from typing import Any
from uuid import uuid4

import pytest

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop

BATCH = "/v1/transfers/batch"


def pay(shop: Shop, amount: int = 1, **more: Any) -> dict[str, Any]:
    """From Alice to Bob."""
    return {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": amount} | more


def batch(mode: str, *transfers: dict[str, Any]) -> dict[str, Any]:
    """A batch's body."""
    return {"mode": mode, "transfers": list(transfers)}


async def test_independent_transfers_each_have_an_answer_of_their_own(shop: Shop) -> None:
    body = batch("independent", pay(shop, 1), pay(shop, 10**9), pay(shop, 2), pay(shop, 3, to_wallet_id=str(uuid4())))

    answer = posted(await shop.tenant.post(BATCH, body), 200)

    assert [(item["index"], item["status"]) for item in answer["items"]] == [(0, 201), (1, 422), (2, 201), (3, 404)]
    assert answer["items"][0]["body"]["entries"][0]["amount"] == 1
    assert answer["items"][1]["body"]["code"] == "insufficient_funds"
    assert answer["items"][3]["body"]["code"] == "wallet_not_found"
    assert await shop.tenant.available(shop.bob) == 103


async def test_a_repeated_independent_batch_is_replayed_byte_for_byte(shop: Shop) -> None:
    body, key = batch("independent", pay(shop, 1), pay(shop, 10**9), pay(shop, 10**15 + 1)), uuid4().hex

    first = await shop.tenant.post(BATCH, body, key=key)
    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 10**10}))
    second = await shop.tenant.post(BATCH, body, key=key)

    assert second.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await shop.tenant.available(shop.bob) == 101


async def test_an_item_with_a_key_of_its_own_is_one_request_wherever_it_comes(shop: Shop) -> None:
    item = pay(shop, 1, idempotency_key=f"item-{uuid4().hex}")

    first = posted(await shop.tenant.post(BATCH, batch("independent", pay(shop, 2), item)), 200)
    second = posted(await shop.tenant.post(BATCH, batch("independent", item, pay(shop, 3))), 200)

    assert second["items"][0]["body"] == first["items"][1]["body"]
    assert await shop.tenant.available(shop.bob) == 106


async def test_a_key_twice_in_one_batch_counts_once(shop: Shop) -> None:
    key = f"item-{uuid4().hex}"
    same, other = pay(shop, 1, idempotency_key=key), pay(shop, 2, idempotency_key=key)

    answer = posted(await shop.tenant.post(BATCH, batch("independent", same, same, other)), 200)

    first, second, third = (item["body"] for item in answer["items"])
    assert first == second
    assert third["code"] == "idempotency_key_reused"
    assert await shop.tenant.available(shop.bob) == 101


async def test_a_reference_twice_in_one_batch_counts_once(shop: Shop) -> None:
    item = pay(shop, 1, reference=f"once {shop.user_id}")

    answer = posted(await shop.tenant.post(BATCH, batch("independent", item, item)), 200)

    assert [item["status"] for item in answer["items"]] == [201, 409]
    assert answer["items"][1]["body"]["transfer_id"] == answer["items"][0]["body"]["id"]


async def test_another_item_under_the_same_key_and_place_is_refused(shop: Shop) -> None:
    key = uuid4().hex
    posted(await shop.tenant.post(BATCH, batch("independent", pay(shop, 1)), key=key), 200)

    answer = posted(await shop.tenant.post(BATCH, batch("independent", pay(shop, 2)), key=key), 200)

    assert answer["items"][0]["body"]["code"] == "idempotency_key_reused"
    assert await shop.tenant.available(shop.bob) == 101


async def test_one_malformed_item_refuses_the_whole_request_and_names_it(shared_shop: Shop) -> None:
    for mode in ("independent", "atomic"):
        body = batch(mode, pay(shared_shop), pay(shared_shop) | {"amount": 1.5})
        refused(await shared_shop.tenant.post(BATCH, body), 400, "invalid_field", "#/transfers/1/amount")


async def test_an_atomic_batch_posts_all_in_order(shop: Shop) -> None:
    there_and_back = [pay(shop, 500), {"from_wallet_id": shop.bob, "to_wallet_id": shop.alice, "amount": 600}]

    answer = posted(await shop.tenant.post(BATCH, batch("atomic", *there_and_back)))

    assert len(answer["transfers"]) == 2
    assert await shop.tenant.available(shop.bob) == 0


async def test_an_atomic_batch_posts_nothing_when_one_cannot_be_and_names_it(shop: Shop) -> None:
    body = batch("atomic", pay(shop, 1, reference=f"a {shop.user_id}"), pay(shop, 2), pay(shop, 10**9), pay(shop, 3))

    document = refused(await shop.tenant.post(BATCH, body), 422, "insufficient_funds")

    assert document["index"] == 2
    assert await shop.tenant.available(shop.bob) == 100
    found = await shop.tenant.client.get("/v1/transfers", params={"reference": f"a {shop.user_id}"})
    assert found.json()["items"] == []


@pytest.mark.parametrize("amount", [1, 10**9])
async def test_an_atomic_batch_is_replayed_byte_for_byte(shop: Shop, amount: int) -> None:
    body, key = batch("atomic", pay(shop, 1), pay(shop, amount)), uuid4().hex

    first = await shop.tenant.post(BATCH, body, key=key)
    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 10**10}))
    second = await shop.tenant.post(BATCH, body, key=key)

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["idempotent-replayed"] == "true"


async def test_items_of_an_atomic_batch_have_no_keys(shared_shop: Shop) -> None:
    body = batch("atomic", pay(shared_shop, idempotency_key="mine"))

    document = refused(await shared_shop.tenant.post(BATCH, body), 400, "invalid_field")

    assert "one key" in document["detail"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "line\n"])
async def test_the_key_of_an_item_keeps_to_the_rules_of_keys(shared_shop: Shop, key: str) -> None:
    body = batch("independent", pay(shared_shop, idempotency_key=key))

    refused(await shared_shop.tenant.post(BATCH, body), 400, "invalid_field", "#/transfers/0/idempotency_key")


@pytest.mark.parametrize("mode", ["independent", "atomic"])
async def test_a_thousand_transfers_fit_in_a_batch(shop: Shop, mode: str) -> None:
    answer = await shop.tenant.post(BATCH, batch(mode, *[pay(shop)] * 1000))

    assert answer.status_code == (201 if mode == "atomic" else 200)
    told = answer.json()["items" if mode == "independent" else "transfers"]
    assert len(told) == 1000
    if mode == "independent":
        assert {item["status"] for item in told} == {201}
    assert await shop.tenant.available(shop.bob) == 1100


@pytest.mark.parametrize("transfers", [[], ["too", "few"], None])
@pytest.mark.parametrize("mode", ["independent", "atomic"])
async def test_a_batch_has_transfers(shared_shop: Shop, mode: str, transfers: object) -> None:
    answer = await shared_shop.tenant.post(BATCH, {"mode": mode, "transfers": transfers})

    refused(answer, 400, "invalid_field")


async def test_a_batch_of_1001_is_refused(shared_shop: Shop) -> None:
    body = batch("independent", *[pay(shared_shop)] * 1001)

    refused(await shared_shop.tenant.post(BATCH, body), 400, "invalid_field", "#/transfers")


@pytest.mark.parametrize("mode", ["", "parallel", None, 1])
async def test_a_batch_knows_two_modes(shared_shop: Shop, mode: object) -> None:
    body = {"mode": mode, "transfers": [pay(shared_shop)]}

    refused(await shared_shop.tenant.post(BATCH, body), 400, "invalid_field", "#/mode")


async def test_the_body_of_a_batch_may_have_4_megabytes_and_no_more(shop: Shop) -> None:
    roomy = [pay(shop, metadata={"note": "x" * 30_000})] * 130
    too_much = [pay(shop, metadata={"note": "x" * 30_000})] * 145

    posted(await shop.tenant.post(BATCH, batch("independent", *roomy)), 200)

    refused(await shop.tenant.post(BATCH, batch("independent", *too_much)), 413, "body_too_large")
