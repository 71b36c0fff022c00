"""What operators do: try again what failed, hurry what waits, say what nobody knows, put money right."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from integration.http.answers import posted, refused
from integration.http.orders.desk import Desk, fresh_user


async def test_a_failed_order_is_paid_and_asked_for_again(desk: Desk) -> None:
    user = fresh_user()
    wallet = await desk.tenant.wallet(user, balance=100)
    await desk.behave("decline", times=1)
    failed = posted(await desk.place(wallet, reference="r-1"))
    assert failed["status"] == "failed"

    again = posted(await desk.retry(failed["id"]))

    assert (again["status"], again["round"], again["failure"], again["id"]) == ("completed", 1, None, failed["id"])
    assert again["operation_id"] != failed["operation_id"]
    assert await desk.tenant.available(wallet) == 0
    assert len(await desk.done(user)) == 1
    refused(await desk.retry(failed["id"]), 409, "invalid_order_move")


async def test_a_retry_takes_the_money_again_and_is_refused_when_it_is_gone(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    failed = posted(await desk.place(wallet, sku="sku_declined"))
    posted(await desk.tenant.post(f"/v1/wallets/{wallet}/spend", {"amount": 1}))

    assert refused(await desk.retry(failed["id"]), 422, "insufficient_funds")["available"] == 99

    assert (await desk.read(failed["id"]))["status"] == "failed"
    assert await desk.tenant.available(wallet) == 99


async def test_retries_at_once_with_one_key_are_one_round(desk: Desk) -> None:
    wallet, key = await desk.tenant.wallet(fresh_user(), balance=1000), uuid4().hex
    await desk.behave("decline", times=1)
    failed = posted(await desk.place(wallet))

    async with desk.kept_waiting(failed["id"], 3):
        asked = [asyncio.create_task(desk.retry(failed["id"], key=key)) for _ in range(10)]
    answers = await asyncio.gather(*asked)

    assert {answer.status_code for answer in answers} <= {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "request_in_progress")
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (await desk.read(failed["id"]))["round"] == 1
    assert await desk.tenant.available(wallet) == 900


async def test_retries_at_once_with_keys_of_their_own_are_one_round_too(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=1000)
    await desk.behave("decline", times=1)
    failed = posted(await desk.place(wallet))

    answers = await asyncio.gather(*(desk.retry(failed["id"]) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await desk.tenant.available(wallet) == 900


async def test_what_nobody_knows_is_listed_and_read_with_its_history(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=1000)
    completed = posted(await desk.place(wallet))
    unknown = [posted(await desk.place(wallet, sku="sku_drop"), 202)["operation_id"] for _ in range(3)]

    async def listed(query: str) -> list[str]:
        page = posted(await desk.operator.get(f"/v1/admin/operations{query}"), 200)
        return [operation["id"] for operation in page["items"]]

    assert await listed("") == unknown
    assert await listed("?state=unknown&state=needs_review") == unknown
    assert await listed("?state=succeeded") == [completed["operation_id"]]
    assert await listed("?state=declined") == []
    first = posted(await desk.operator.get("/v1/admin/operations?state=unknown&limit=2"), 200)
    assert await listed(f"?state=unknown&limit=2&cursor={first['next_cursor']}") == unknown[2:]
    refused(await desk.operator.get("/v1/admin/operations?state=lost"), 400, "invalid_field", "#/state")
    history = await desk.operation(unknown[0])
    assert (history["operation"]["kind"], history["operation"]["amount"]) == ("order.fulfil", 100)
    [attempt] = history["attempts"]
    assert (attempt["attempt"], attempt["step"], attempt["outcome"]) == (1, "submit", "unknown")
    assert attempt["counted"] is True


async def test_an_operation_is_hurried_and_then_due(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    placed = posted(await desk.place(wallet, sku="sku_drop"), 202)
    path = f"/v1/admin/operations/{placed['operation_id']}/retry"

    hurried = posted(await desk.operator.post(path), 200)

    assert hurried["state"] == "unknown"
    assert await desk.run(placed["operation_id"]) is not None
    assert (await desk.read(placed["id"]))["status"] == "completed"
    refused(await desk.operator.post(path), 409, "invalid_operation_move")


async def test_an_attempt_that_is_under_way_is_not_hurried(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=100)
    await desk.behave("slow", seconds=0.5, times=1)
    placing = asyncio.create_task(desk.place(wallet))
    listed: list[dict[str, str]] = []
    async with asyncio.timeout(5):
        while not listed:
            listed = posted(await desk.operator.get("/v1/admin/operations?state=submitting"), 200)["items"]

    answer = await desk.operator.post(f"/v1/admin/operations/{listed[0]['id']}/retry")

    refused(answer, 409, "operation_leased")
    assert answer.headers["retry-after"] == "1"
    assert posted(await placing)["status"] == "completed"


@pytest.mark.parametrize(
    ("outcome", "status", "available"), [("succeeded", "completed", 0), ("declined", "failed", 100)]
)
async def test_an_operator_says_what_happened_and_the_money_follows(
    desk: Desk, outcome: str, status: str, available: int
) -> None:
    wallet, key = await desk.tenant.wallet(fresh_user(), balance=100), uuid4().hex
    placed = posted(await desk.place(wallet, sku="sku_down"), 202)
    resolution = {"outcome": outcome, "reason": "asked by telephone", "provider_ref": "parcel 7"}

    first = await desk.resolve(placed["operation_id"], resolution, key=key)
    again = await desk.resolve(placed["operation_id"], resolution, key=key)

    assert posted(first, 200)["state"] == outcome
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    order = await desk.read(placed["id"])
    assert order["status"] == status
    assert await desk.tenant.available(wallet) == available
    history = (await desk.operation(placed["operation_id"]))["attempts"]
    assert [attempt["step"] for attempt in history] == ["submit", "operator"]
    assert history[-1]["detail"].endswith(": asked by telephone")
    refused(await desk.resolve(placed["operation_id"], resolution), 409, "invalid_operation_move")
    other = resolution | {"reason": "another"}
    refused(await desk.resolve(placed["operation_id"], other, key=key), 422, "idempotency_key_reused")


async def test_resolutions_at_once_settle_once(desk: Desk) -> None:
    wallet, key = await desk.tenant.wallet(fresh_user(), balance=100), uuid4().hex
    placed = posted(await desk.place(wallet, sku="sku_down"), 202)
    resolution = {"outcome": "declined", "reason": "lost"}

    answers = await asyncio.gather(
        *(desk.resolve(placed["operation_id"], resolution, key=key) for _ in range(5)),
        *(desk.resolve(placed["operation_id"], resolution | {"outcome": "succeeded"}) for _ in range(5)),
    )

    settled = {answer.content for answer in answers if answer.status_code == 200}
    assert len(settled) == 1
    assert (await desk.read(placed["id"]))["status"] in {"completed", "failed"}
    assert len((await desk.operation(placed["operation_id"]))["attempts"]) == 2


async def test_what_is_known_is_not_resolved_by_a_person(desk: Desk) -> None:
    wallet = await desk.tenant.wallet(fresh_user(), balance=200)
    completed = posted(await desk.place(wallet))
    await desk.behave("late", seconds=60, times=1)
    pending = posted(await desk.place(wallet), 202)

    for order in (completed, pending):
        answer = await desk.resolve(order["operation_id"], {"outcome": "declined", "reason": "no"})
        refused(answer, 409, "invalid_operation_move")


async def test_a_resolution_needs_a_reason_and_an_outcome(desk: Desk) -> None:
    for body, pointer in (
        ({"outcome": "succeeded"}, "#/reason"),
        ({"reason": "because"}, "#/outcome"),
        ({"outcome": "unknown", "reason": "because"}, "#/outcome"),
        ({"outcome": "declined", "reason": "because", "provider_ref": ""}, "#/provider_ref"),
    ):
        refused(await desk.resolve(str(uuid4()), body), 400, "invalid_field", pointer)
    bare = await desk.operator.post(
        f"/v1/admin/operations/{uuid4()}/resolve", json={"outcome": "declined", "reason": "because"}
    )
    refused(bare, 400, "idempotency_key_missing")


async def test_a_user_is_credited_with_a_wallet_that_opens_by_itself_and_debited(desk: Desk) -> None:
    user, key = fresh_user(), uuid4().hex
    path, body = f"/v1/admin/users/{user}", {"asset": "USD", "amount": 100, "reference": user}

    async def move(action: str, said: dict[str, object], *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await desk.operator.post(f"{path}/{action}", json=said, headers=headers)

    refused(await move("debit", body), 404, "wallet_not_found")
    credited = await move("credit", body, key=key)
    assert posted(credited)["type"] == "credit"
    assert (await move("credit", body, key=key)).content == credited.content
    assert posted(await move("debit", {"asset": "USD", "amount": 40}))["type"] == "debit"
    balances = posted(await desk.tenant.client.get(f"/v1/users/{user}/balances"), 200)
    assert [wallet["balance"]["available"] for wallet in balances["wallets"]] == [60]
    refused(await move("debit", {"asset": "USD", "amount": 61}), 422, "insufficient_funds")
    refused(await move("credit", {"asset": "NOPE", "amount": 1}), 404, "asset_not_found")
    refused(await move("credit", {"amount": 1}), 400, "invalid_field", "#/asset")


async def test_administration_is_for_operators(desk: Desk) -> None:
    some_id, said = uuid4(), {"outcome": "declined", "reason": "no"}
    client = desk.tenant.client
    for answer in (
        await client.get("/v1/admin/operations"),
        await client.get(f"/v1/admin/operations/{some_id}"),
        await client.post(f"/v1/admin/operations/{some_id}/retry"),
        await client.post(f"/v1/admin/operations/{some_id}/resolve", json=said),
        await client.post(f"/v1/admin/orders/{some_id}/retry"),
        await client.post("/v1/admin/users/alice/credit", json={"asset": "USD", "amount": 5}),
        await client.post("/v1/admin/users/alice/debit", json={"asset": "USD", "amount": 5}),
    ):
        refused(answer, 403, "not_permitted")
