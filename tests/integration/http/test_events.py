"""The log of events over HTTP: everything, once, in one order, from any position."""

from typing import Any

import pytest

from conftest import MakeTenant, Tenant
from entrypoints.container import Container
from integration.http.answers import posted, refused

EVENTS = "/v1/events"


async def relay(container: Container) -> None:
    while (await container.event_log().record(limit=1000)).events:
        pass


async def page(tenant: Tenant, **parameters: str | int) -> dict[str, Any]:
    return posted(await tenant.client.get(EVENTS, params=parameters), 200)


async def test_what_happened_is_read_from_any_position_without_gaps(tenant: Tenant, container: Container) -> None:
    wallet = await tenant.wallet("alice", balance=1000)
    for amount in range(1, 7):
        await tenant.post(f"/v1/wallets/{wallet}/debit", {"amount": amount})
    await relay(container)

    first = await page(tenant, limit=3)
    second = await page(tenant, limit=3, after=first["next_after"])
    last = await page(tenant, limit=3, after=second["next_after"])

    items = first["items"] + second["items"] + last["items"]
    assert [item["position"] for item in items] == list(range(1, 8))
    assert [first["has_more"], second["has_more"], last["has_more"]] == [True, True, False]
    amounts = [movement["amount"] for item in items for movement in item["data"]["movements"] if movement["wallet_id"]]
    assert amounts == [1000, -1, -2, -3, -4, -5, -6]
    assert {item["type"] for item in items} == {"transfer.posted"}
    assert all(item["subject"] == item["data"]["transfer_id"] for item in items)
    assert len({item["id"] for item in items}) == 7


async def test_at_the_end_a_reader_waits_where_it_stands(tenant: Tenant, container: Container) -> None:
    wallet = await tenant.wallet("alice", balance=1)
    await relay(container)
    end = await page(tenant)
    assert (end["next_after"], end["has_more"]) == (1, False)

    assert await page(tenant, after=1) == {"items": [], "next_after": 1, "has_more": False}
    await tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 2})
    await relay(container)

    (new,) = (await page(tenant, after=1))["items"]
    assert new["position"] == 2


async def test_one_type_is_read_alone_and_nothing_of_it_is_missed(tenant: Tenant, container: Container) -> None:
    wallet = await tenant.wallet("alice", balance=1000)
    for _ in range(3):
        await tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 1})
        await tenant.post("/v1/holds", {"wallet_id": wallet, "amount": 1})
    await relay(container)

    first = await page(tenant, type="hold.placed", limit=2)
    rest = await page(tenant, type="hold.placed", limit=2, after=first["next_after"])

    assert [item["position"] for item in first["items"] + rest["items"]] == [3, 5, 7]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert rest["next_after"] == 7
    assert await page(tenant, type="order.failed") == {"items": [], "next_after": 0, "has_more": False}


async def test_a_tenant_reads_its_own_events(make_tenant: MakeTenant, container: Container) -> None:
    ours, theirs = await make_tenant(), await make_tenant()
    await ours.wallet("alice", balance=1)
    await relay(container)

    assert len((await page(ours))["items"]) == 1
    assert (await page(theirs))["items"] == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("after=-1", "after"),
        ("after=9223372036854775808", "after"),
        ("after=x", "after"),
        ("limit=101", "limit"),
        ("type=everything", "type"),
    ],
)
async def test_parameters_that_fit_nothing_are_refused(shopkeeper: Tenant, query: str, name: str) -> None:
    refused(await shopkeeper.client.get(f"{EVENTS}?{query}"), 400, "invalid_field", f"#/{name}")
