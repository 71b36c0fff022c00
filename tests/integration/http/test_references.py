"""A reference names one transfer for ever, whatever the key."""

import asyncio

from conftest import MakeTenant
from integration.http.answers import posted, refused
from integration.http.money_routes import Shop


async def test_a_reference_is_used_once(shop: Shop) -> None:
    reference = f"order {shop.user_id}"
    first = posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 5, "reference": reference}))

    for path, body in (
        (f"/v1/wallets/{shop.alice}/credit", {"amount": 5}),
        ("/v1/holds", {"wallet_id": shop.alice, "amount": 5}),
        ("/v1/transfers", {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 5}),
        (f"/v1/transfers/{shop.transfer}/reverse", {}),
        (f"/v1/holds/{shop.hold}/capture", {}),
    ):
        document = refused(
            await shop.tenant.post(path, body | {"reference": reference}), 409, "reference_already_used", "#/reference"
        )
        assert document["transfer_id"] == first["id"]


async def test_a_refused_transfer_leaves_its_reference_free(shop: Shop) -> None:
    said = {"amount": 10**9, "reference": f"dear {shop.user_id}"}

    refused(await shop.tenant.post(f"/v1/wallets/{shop.bob}/spend", said), 422, "insufficient_funds")

    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", said))


async def test_a_transfer_is_found_by_its_reference(shop: Shop) -> None:
    reference = f"find me & more? {shop.user_id}"
    credit = posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 5, "reference": reference}))

    found = await shop.tenant.client.get("/v1/transfers", params={"reference": reference})
    none = await shop.tenant.client.get("/v1/transfers", params={"reference": "nobody's"})

    assert found.json() == {"items": [credit], "next_cursor": None}
    assert none.json() == {"items": [], "next_cursor": None}


async def test_two_tenants_may_use_one_reference(shop: Shop, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    wallet = await other.wallet("alice")
    said = {"amount": 5, "reference": f"shared {shop.user_id}"}

    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", said))
    posted(await other.post(f"/v1/wallets/{wallet}/credit", said))


async def test_of_many_at_once_with_one_reference_one_wins(shop: Shop) -> None:
    said = {"amount": 5, "reference": f"race {shop.user_id}"}

    answers = await asyncio.gather(*(shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", said) for _ in range(30)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 29
    assert await shop.tenant.available(shop.bob) == 105
