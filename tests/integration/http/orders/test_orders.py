"""Orders: paid from the wallet, handed over by a real service, or the money goes back. Once, whatever happens."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from conftest import Tenant
from integration.http.answers import posted, refused
from integration.http.orders.desk import Desk, fresh_user


async def test_an_order_is_paid_handed_over_and_completed_at_once(desk: Desk) -> None:
    user = fresh_user()
    wallet = await desk.tenant.wallet(user, balance=1000)
    items = [{"sku": "book", "quantity": 2, "unit_amount": 125, "metadata": {"b": 1, "a": "x"}}]

    placed = posted(
        await desk.tenant.post(
            "/v1/orders",
            {"wallet_id": wallet, "amount": 250, "items": items, "reference": "b-1", "metadata": {"shop": 7}},
        )
    )

    assert (placed["status"], placed["failure"], placed["round"]) == ("completed", None, 0)
    assert (placed["items"], placed["metadata"], placed["user_id"]) == (items, {"shop": 7}, user)
    assert await desk.read(placed["id"]) == placed
    assert await desk.tenant.available(wallet) == 750
    [done] = await desk.done(user)
    assert (done["id"], done["amount"], done["reference"]) == (placed["fulfilment_ref"], 250, "b-1")
    payment = posted(await desk.tenant.client.get(f"/v1/transfers/{placed['payment_id']}"), 200)
    settlement = posted(await desk.tenant.client.get(f"/v1/transfers/{placed['settlement_id']}"), 200)
    assert (payment["type"], payment["reference"], settlement["type"]) == ("order_payment", "b-1", "order_completion")


async def test_an_order_may_name_the_user_and_the_asset_instead_of_the_wallet(desk: Desk) -> None:
    user = fresh_user()
    wallet = await desk.tenant.wallet(user, balance=100)
    body = {"user_id": user, "asset": "USD", "amount": 100, "items": [{"sku": "book", "quantity": 1}]}

    assert posted(await desk.tenant.post("/v1/orders", body))["wallet_id"] == wallet
    refused(await desk.tenant.post("/v1/orders", body | {"user_id": fresh_user()}), 404, "wallet_not_found")


async def test_what_is_declined_is_told_and_the_money_is_back(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)

    placed = posted(await desk.place(wallet, sku="sku_declined"))

    assert placed["status"] == "failed"
    assert placed["failure"] == {
        "code": "fulfilment_declined",
        "message": "this cannot be handed over",
        "money_returned": True,
    }
    assert await desk.tenant.available(wallet) == 100
    returned = posted(await desk.tenant.client.get(f"/v1/transfers/{placed['settlement_id']}"), 200)
    assert returned["type"] == "order_return"


async def test_an_answer_that_got_lost_after_the_work_is_found_out_later_and_the_work_done_once(desk: Desk) -> None:
    user = fresh_user()
    wallet = await desk.tenant.wallet(user, balance=100)

    placed = posted(await desk.place(wallet, sku="sku_drop"), 202)

    assert (placed["status"], placed["settlement_id"]) == ("fulfilling", None)
    assert await desk.tenant.available(wallet) == 0
    assert (await desk.operation(placed["operation_id"]))["operation"]["state"] == "unknown"
    await desk.later()
    await desk.run(placed["operation_id"])
    assert (await desk.read(placed["id"]))["status"] == "completed"
    assert len(await desk.done(user)) == 1
    assert await desk.run(placed["operation_id"]) is None


async def test_an_answer_is_repeated_byte_for_byte_even_when_the_order_has_moved_on(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=200)
    for sku, status in (("book", 201), ("sku_drop", 202)):
        key = uuid4().hex
        first = await desk.place(wallet, sku=sku, key=key)
        placed = posted(first, status)
        if status == 202:
            await desk.later()
            await desk.run(placed["operation_id"])

        again = await desk.place(wallet, sku=sku, key=key)

        assert (again.status_code, again.content) == (status, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert (await desk.read(placed["id"]))["status"] == "completed"
    assert await desk.tenant.available(wallet) == 0


async def test_a_service_that_is_down_three_times_is_looked_up_and_not_given_up(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    placed = posted(await desk.place(wallet, sku="sku_down"), 202)

    for _ in range(2):
        await desk.later()
        await desk.run(placed["operation_id"])
    history = await desk.operation(placed["operation_id"])

    assert [(attempt["step"], attempt["outcome"]) for attempt in history["attempts"]] == [("submit", "unknown")] * 3
    await desk.later()
    await desk.run(placed["operation_id"])
    looked_up = (await desk.operation(placed["operation_id"]))["attempts"][-1]
    assert (looked_up["step"], looked_up["outcome"]) == ("look_up", "unknown")
    assert (await desk.read(placed["id"]))["status"] == "fulfilling"
    assert await desk.tenant.available(wallet) == 0


async def test_what_takes_longer_is_asked_for_until_it_is_done(desk: Desk) -> None:
    user = fresh_user()
    wallet = await desk.tenant.wallet(user, balance=100)
    await desk.behave("late", seconds=0.05, times=1)
    placed = posted(await desk.place(wallet), 202)
    assert (await desk.operation(placed["operation_id"]))["operation"]["state"] == "provider_pending"

    await asyncio.sleep(0.1)
    await desk.later()
    await desk.run(placed["operation_id"])

    assert (await desk.read(placed["id"]))["status"] == "completed"
    assert len(await desk.done(user)) == 1


async def test_a_repetition_is_told_to_wait_while_the_first_is_being_answered(desk: Desk) -> None:
    wallet, key = await desk.tenant.wallet(fresh_user(), balance=100), uuid4().hex
    await desk.behave("slow", seconds=0.5, times=1)
    first = asyncio.create_task(desk.place(wallet, key=key))
    async with asyncio.timeout(5):
        while await desk.tenant.available(wallet):  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.01)

    second = await desk.place(wallet, key=key)

    assert refused(second, 409, "request_in_progress")["retryable"] is True
    assert second.headers["retry-after"] == "1"
    assert posted(await first)["status"] == "completed"
    assert (await desk.place(wallet, key=key)).content == first.result().content


async def test_a_hundred_requests_with_one_key_are_one_order(desk: Desk) -> None:
    user, key = fresh_user(), uuid4().hex
    wallet = await desk.tenant.wallet(user, balance=10_000)
    await desk.behave("slow", seconds=0.2, times=1)

    answers = await asyncio.gather(*(desk.place(wallet, key=key) for _ in range(100)))

    seen = Counter(answer.status_code for answer in answers)
    assert set(seen) <= {201, 409}, seen
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "request_in_progress")
    assert await desk.tenant.available(wallet) == 9_900
    assert len(await desk.done(user)) == 1


async def test_a_key_stands_for_one_request(desk: Desk) -> None:
    wallet, key = await desk.tenant.wallet(fresh_user(), balance=1000), uuid4().hex
    posted(await desk.place(wallet, key=key))

    refused(await desk.place(wallet, 101, key=key), 422, "idempotency_key_reused")
    refused(
        await desk.tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 5}, key=key), 422, "idempotency_key_reused"
    )


async def test_without_the_money_nothing_is_asked_for(desk: Desk) -> None:
    user, key = fresh_user(), uuid4().hex
    wallet = await desk.tenant.wallet(user, balance=99)

    refusal = await desk.place(wallet, key=key)

    assert refused(refusal, 422, "insufficient_funds")["available"] == 99
    posted(await desk.tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 1}))
    again = await desk.place(wallet, key=key)
    assert (again.status_code, again.content) == (422, refusal.content)
    assert (await desk.tenant.client.get(f"/v1/orders?wallet_id={wallet}")).json()["items"] == []
    assert await desk.done(user) == []


async def test_a_reference_names_one_order(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=1000)
    posted(await desk.place(wallet, reference="once"))

    refused(await desk.place(wallet, reference="once"), 409, "reference_already_used", "#/reference")
    assert await desk.tenant.available(wallet) == 900


async def test_a_frozen_wallet_orders_nothing(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=1000)
    posted(await desk.tenant.client.patch(f"/v1/wallets/{wallet}", json={"status": "frozen"}), 200)

    refused(await desk.place(wallet), 422, "wallet_frozen")


async def test_a_wallet_frozen_meanwhile_gets_its_money_back(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    placed = posted(await desk.place(wallet, sku="sku_down"), 202)
    posted(await desk.tenant.client.patch(f"/v1/wallets/{wallet}", json={"status": "frozen"}), 200)

    posted(await desk.resolve(placed["operation_id"], {"outcome": "declined", "reason": "lost"}), 200)

    assert await desk.tenant.available(wallet) == 100


async def test_a_wallet_with_money_in_an_order_is_not_closed(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    placed = posted(await desk.place(wallet, sku="sku_drop"), 202)
    closing = {"status": "closed"}

    answer = await desk.tenant.client.patch(f"/v1/wallets/{wallet}", json=closing)

    assert refused(answer, 409, "wallet_not_empty", "#/status")["total"] == 100
    await desk.later()
    await desk.run(placed["operation_id"])
    posted(await desk.tenant.client.patch(f"/v1/wallets/{wallet}", json=closing), 200)


async def test_another_tenants_order_does_not_exist(desk: Desk, stranger: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    placed = posted(await desk.place(wallet, sku="sku_declined"))

    refused(await stranger.tenant.client.get(f"/v1/orders/{placed['id']}"), 404, "order_not_found")
    refused(await stranger.retry(placed["id"]), 404, "order_not_found")
    refused(await stranger.place(wallet), 404, "wallet_not_found")
    path = f"/v1/admin/operations/{placed['operation_id']}"
    refused(await stranger.operator.get(path), 404, "operation_not_found")
    refused(await stranger.operator.post(f"{path}/retry"), 404, "operation_not_found")
    resolution = {"outcome": "succeeded", "reason": "mine"}
    refused(await stranger.resolve(placed["operation_id"], resolution), 404, "operation_not_found")


async def test_orders_are_listed_newest_first_by_wallet_and_status(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=1000)
    other = await desk.tenant.wallet(fresh_user(), balance=1000)
    placed = [posted(await desk.place(wallet, sku=sku))["id"] for sku in ("book", "sku_declined", "book")]
    posted(await desk.place(other))

    async def listed(query: str) -> dict[str, Any]:
        return posted(await desk.tenant.client.get(f"/v1/orders?wallet_id={wallet}{query}"), 200)

    assert [order["id"] for order in (await listed(""))["items"]] == placed[::-1]
    assert [order["id"] for order in (await listed("&status=failed"))["items"]] == [placed[1]]
    first = await listed("&limit=2")
    rest = await listed(f"&limit=2&cursor={first['next_cursor']}")
    assert [order["id"] for order in first["items"] + rest["items"]] == placed[::-1]
    assert rest["next_cursor"] is None
    assert len(posted(await desk.tenant.client.get("/v1/orders"), 200)["items"]) == 4
    refused(await desk.tenant.client.get("/v1/orders?status=lost"), 400, "invalid_field", "#/status")


ITEM = {"sku": "book", "quantity": 1}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "#/items"),
        ({"items": [ITEM] * 101}, "#/items"),
        ({"items": [{"sku": "", "quantity": 1}]}, "#/items/0/sku"),
        ({"items": [{"sku": "x" * 129, "quantity": 1}]}, "#/items/0/sku"),
        ({"items": [ITEM, {"sku": "x", "quantity": 0}]}, "#/items/1/quantity"),
        ({"items": [{"sku": "x", "quantity": 1_000_001}]}, "#/items/0/quantity"),
        ({"items": [{"sku": "x", "quantity": "1"}]}, "#/items/0/quantity"),
        ({"items": [{"sku": "x", "quantity": 1.5}]}, "#/items/0/quantity"),
        ({"items": [ITEM | {"unit_amount": 0}]}, "#/items/0/unit_amount"),
        ({"items": [ITEM | {"unit_amount": 10**15 + 1}]}, "#/items/0/unit_amount"),
        ({"items": [ITEM | {"metadata": []}]}, "#/items/0/metadata"),
        ({"items": [ITEM | {"price": 5}]}, "#/items/0/price"),
        ({"amount": 0}, "#/amount"),
        ({"amount": None}, "#/amount"),
        ({"user_id": "somebody"}, "#"),
        ({"user_id": "somebody", "asset": "USD"}, "#"),
        ({"wallet_id": None}, "#"),
        ({"wallet_id": None, "user_id": "somebody"}, "#"),
    ],
)
async def test_an_order_that_breaks_a_bound_is_refused(desk: Desk, change: dict[str, Any], pointer: str) -> None:
    body = {"wallet_id": str(uuid4()), "amount": 5, "items": [ITEM]} | change

    refused(await desk.tenant.post("/v1/orders", body), 400, "invalid_field", pointer)


async def test_items_with_prices_must_come_to_the_amount(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    priced = [{"sku": "a", "quantity": 3, "unit_amount": 10}, {"sku": "b", "quantity": 1, "unit_amount": 69}]

    refused(await desk.place(wallet, items=priced), 422, "order_total_mismatch", "#/amount")
    assert await desk.tenant.available(wallet) == 100


async def test_an_items_metadata_has_its_bound(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    items = [ITEM, ITEM | {"metadata": {"note": "x" * 32_768}}]

    refused(await desk.place(wallet, items=items), 400, "metadata_too_large", "#/items/1/metadata")


async def test_without_a_fulfilment_service_no_money_is_taken(tenant: Tenant) -> None:
    wallet = await tenant.wallet(fresh_user(), balance=100)
    body = {"wallet_id": wallet, "amount": 5, "items": [ITEM]}

    refused(await tenant.post("/v1/orders", body), 422, "fulfilment_not_configured")
    assert await tenant.available(wallet) == 100
