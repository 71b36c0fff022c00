"""Pages stay right while others write: nothing twice, and nothing left out that was there at the start."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from conftest import Tenant
from integration.http.answers import posted
from integration.http.money_routes import Shop


async def pages(client: httpx.AsyncClient, path: str, *, limit: int) -> AsyncIterator[list[dict[str, Any]]]:
    """One page after the other, until there is no cursor."""
    query: dict[str, str] = {"limit": str(limit)}
    while True:
        page = posted(await client.get(httpx.URL(path).copy_merge_params(query)), 200)
        yield page["items"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


async def everything(client: httpx.AsyncClient, path: str, *, limit: int) -> list[dict[str, Any]]:
    """All items of all pages."""
    return [item async for page in pages(client, path, limit=limit) for item in page]


@asynccontextmanager
async def somebody_writing(write: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Somebody who goes on writing for the time of the block."""

    async def go_on() -> None:
        while True:
            await write()

    writer = asyncio.create_task(go_on())
    yield
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer


def identity(item: dict[str, Any]) -> str:
    """What an item is known by, in any list."""
    return str(
        item.get("id")
        or item.get("code")
        or (item["transfer_id"], item["entry"]["sequence"], item["entry"]["account_id"])
    )


async def test_pages_are_full_until_the_last_which_has_no_cursor(shop: Shop) -> None:
    for _ in range(5):
        posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": 1}))
    path = f"/v1/wallets/{shop.bob}/entries"

    assert [len(page) async for page in pages(shop.tenant.client, path, limit=4)] == [4, 2]
    assert [len(page) async for page in pages(shop.tenant.client, path, limit=3)] == [3, 3]
    assert [len(page) async for page in pages(shop.tenant.client, path, limit=6)] == [6]


async def test_the_same_cursor_gives_the_same_page_again(shop: Shop) -> None:
    path = f"/v1/wallets/{shop.alice}/entries"
    cursor = (await shop.tenant.client.get(path, params={"limit": 1})).json()["next_cursor"]
    first = await shop.tenant.client.get(path, params={"limit": 1, "cursor": cursor})
    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 1}))

    assert (await shop.tenant.client.get(path, params={"limit": 1, "cursor": cursor})).json() == first.json()


@pytest.mark.parametrize("path", ["/v1/wallets/{bob}/entries", "/v1/users/{user}/transactions"])
async def test_entries_are_neither_lost_nor_repeated_while_others_write(shop: Shop, path: str) -> None:
    path = path.format(bob=shop.bob, user=f"bob-of-{shop.user_id}")
    one = {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 1}
    posted(await shop.tenant.post("/v1/transfers", {"legs": [one] * 60}))
    at_the_start = [identity(item) for item in await everything(shop.tenant.client, path, limit=100)]

    async with somebody_writing(lambda: shop.tenant.post("/v1/transfers", one)):
        seen = [identity(item) for item in await everything(shop.tenant.client, path, limit=3)]

    assert len(set(seen)) == len(seen)
    assert [item for item in seen if item in set(at_the_start)] == at_the_start
    assert len(await everything(shop.tenant.client, path, limit=100)) > len(at_the_start)


async def test_a_statement_is_neither_lost_nor_repeated_while_others_write(shop: Shop) -> None:
    one = {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 1}
    posted(await shop.tenant.post("/v1/transfers", {"legs": [one] * 40}))
    path, query = f"/v1/wallets/{shop.bob}/statement", {"from": "2020-01-01T00:00:00Z", "limit": "3"}
    lines: list[dict[str, Any]] = []
    told: dict[str, Any] = {}

    async with somebody_writing(lambda: shop.tenant.post("/v1/transfers", one)):
        while told.get("next_cursor", "") is not None:
            told = posted(await shop.tenant.client.get(path, params=query), 200)
            lines += told["items"]
            query["cursor"] = told["next_cursor"]

    assert [line["entry"]["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert told["closing_balance"] == lines[-1]["entry"]["balance_after"]


async def test_a_csv_adds_up_while_others_write(shop: Shop) -> None:
    one = {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 1}
    path = f"/v1/wallets/{shop.bob}/statement?from=2020-01-01T00:00:00Z&format=csv"

    async with somebody_writing(lambda: shop.tenant.post("/v1/transfers", one)):
        for _ in range(10):
            lines = (await shop.tenant.client.get(path)).text.splitlines()
            assert lines[-1].rpartition(",")[2] == lines[-2].rpartition(",")[2]


async def test_wallets_are_neither_lost_nor_repeated_while_others_open_some(tenant: Tenant) -> None:
    at_the_start = [await tenant.wallet(f"user-{number}") for number in range(20)]
    numbers = iter(range(1000, 100_000))

    async with somebody_writing(lambda: tenant.wallet(f"user-{next(numbers)}")):
        seen = [wallet["id"] for wallet in await everything(tenant.client, "/v1/wallets", limit=3)]

    assert len(set(seen)) == len(seen)
    assert seen[: len(at_the_start)] == at_the_start


async def test_holds_are_neither_lost_nor_repeated_while_others_place_some(shop: Shop) -> None:
    body = {"wallet_id": shop.alice, "amount": 1}
    for _ in range(15):
        posted(await shop.tenant.post("/v1/holds", body))
    path = f"/v1/holds?wallet_id={shop.alice}"
    at_the_start = [hold["id"] for hold in await everything(shop.tenant.client, path, limit=100)]

    async with somebody_writing(lambda: shop.tenant.post("/v1/holds", body)):
        seen = [hold["id"] for hold in await everything(shop.tenant.client, path, limit=3)]

    assert len(set(seen)) == len(seen)
    assert [hold for hold in seen if hold in set(at_the_start)] == at_the_start


async def test_assets_are_listed_by_code_each_once(tenant: Tenant) -> None:
    codes = [asset["code"] for asset in await everything(tenant.client, "/v1/assets", limit=7)]

    assert codes == sorted(set(codes))
    assert {"USD", "JPY", "KWD", "COINS"} <= set(codes)


async def test_entries_can_be_filtered_and_paged_at_once(shop: Shop) -> None:
    for amount in (1, 2, 3):
        posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": amount}))
        posted(
            await shop.tenant.post(
                f"/v1/wallets/{shop.bob}/bonus", {"amount": amount, "reference": f"{amount} {shop.user_id}"}
            )
        )
    path = f"/v1/wallets/{shop.bob}/entries"

    bonuses = await everything(shop.tenant.client, f"{path}?type=bonus", limit=2)
    one = await everything(shop.tenant.client, f"{path}?reference=2%20{shop.user_id}", limit=2)
    later = await everything(shop.tenant.client, f"{path}?from={bonuses[1]['posted_at']}", limit=2)
    earlier = await everything(shop.tenant.client, f"{path}?to={bonuses[1]['posted_at']}", limit=2)

    assert [line["entry"]["amount"] for line in bonuses] == [3, 2, 1]
    assert [line["entry"]["amount"] for line in one] == [2]
    assert [line["entry"]["amount"] for line in later] == [3, 3, 2]
    assert [line["entry"]["amount"] for line in earlier] == [2, 1, 1, 100]
