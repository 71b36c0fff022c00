"""For a tenant, what belongs to another does not exist: 404, on every route, and nothing changes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from conftest import Tenant
from entrypoints.container import Container
from entrypoints.development.api_process import ApiProcess
from integration.http.answers import posted, refused
from integration.http.money_routes import MONEY_ROUTES, MoneyRoute, Shop, fresh_key, ids, tenant_with_client

SINCE = "?from=2020-01-01T00:00:00Z"
READING = (
    ("/v1/wallets/{wallet}", "wallet_not_found"),
    ("/v1/wallets/{wallet}/balance", "wallet_not_found"),
    ("/v1/wallets/{wallet}/balance?at=2026-01-01T00:00:00Z", "wallet_not_found"),
    ("/v1/wallets/{wallet}/entries", "wallet_not_found"),
    ("/v1/wallets/{wallet}/statement" + SINCE, "wallet_not_found"),
    ("/v1/wallets/{wallet}/statement" + SINCE + "&format=csv", "wallet_not_found"),
    ("/v1/transfers/{transfer}", "transfer_not_found"),
    ("/v1/transfers/{hold}", "transfer_not_found"),
    ("/v1/holds/{hold}", "hold_not_found"),
)
WITHOUT_FOREIGN_IDS = {"TopUpUser", "GrantUserBonus", "SpendByUser"}
"""They name users, and each tenant has its own."""

WEBHOOKS = {
    *("GetWebhookEndpoint", "ChangeWebhookEndpoint", "DeleteWebhookEndpoint", "RotateWebhookSecret"),
    *("TestWebhookEndpoint", "GetWebhookDelivery", "RedeliverWebhook"),
}
"""Asked for by strangers in test_webhook_endpoints."""
ELSEWHERE = {
    *("GetOrder", "RetryOrder", "GetOperation", "HurryOperation", "ResolveOperation"),
    *("GetDeadLetter", "RedriveDeadLetter", "DiscardDeadLetter", "GetReconciliation"),
    *("GetPayment", "ConfirmPayment", "CapturePayment", "CancelPayment", "RefundPayment", "ListRefunds", "GetRefund"),
    *("DepositIntoWallet", "GetGatewayAccount", "ChangeGatewayAccount", "CheckGatewayAccount"),
    *("GetGatewayEvent", "ReplayGatewayEvent", "ClearPaymentReview"),
}
"""Asked for by strangers in orders, payments, test_dead_letters and test_reconciliations."""
WITHOUT_TENANT = {"ReceiveProviderWebhook"}
"""Whose it is follows from the account; the signature says who speaks."""


@pytest.fixture(scope="module")
async def stranger(api: ApiProcess, container: Container) -> AsyncIterator[Tenant]:
    """Another tenant."""
    async with tenant_with_client(api, container) as tenant:
        yield tenant


@pytest.fixture
async def untouched(shared_shop: Shop) -> AsyncIterator[None]:
    """Afterwards the shop is as it was."""
    path = f"/v1/wallets/{shared_shop.alice}"
    before = (await shared_shop.tenant.client.get(path)).json()
    yield
    assert (await shared_shop.tenant.client.get(path)).json() == before


def of(shop: Shop, path: str) -> str:
    """The path with the shop's ids."""
    return path.format(wallet=shop.alice, transfer=shop.transfer, hold=shop.hold)


async def test_nothing_of_another_tenant_can_be_read(shared_shop: Shop, stranger: Tenant) -> None:
    for path, code in READING:
        refused(await stranger.client.get(of(shared_shop, path)), 404, code)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "route", [route for route in MONEY_ROUTES if route.operation not in WITHOUT_FOREIGN_IDS], ids=ids
)
async def test_no_money_of_another_tenant_can_be_moved(shared_shop: Shop, stranger: Tenant, route: MoneyRoute) -> None:
    answer = await stranger.client.post(route.path(shared_shop), json=route.body(shared_shop), headers=fresh_key())

    code = {"ReverseTransfer": "transfer", "CaptureHold": "hold", "ReleaseHold": "hold"}.get(route.operation, "wallet")
    refused(answer, 404, f"{code}_not_found")


@pytest.mark.usefixtures("untouched")
async def test_no_wallet_of_another_tenant_can_be_changed(shared_shop: Shop, stranger: Tenant) -> None:
    for body in ({"status": "frozen"}, {"metadata": {"x": 1}}, {}):
        answer = await stranger.client.patch(f"/v1/wallets/{shared_shop.alice}", json=body)
        refused(answer, 404, "wallet_not_found")


@pytest.mark.usefixtures("untouched")
async def test_no_money_leaves_for_or_comes_from_another_tenant(shared_shop: Shop, stranger: Tenant) -> None:
    mine = await stranger.wallet("carol", balance=1000)
    hold = posted(await stranger.post("/v1/holds", {"wallet_id": mine, "amount": 100}))["hold"]["id"]
    theirs = shared_shop.alice
    pairs: list[dict[str, Any]] = [
        {"from_wallet_id": mine, "to_wallet_id": theirs, "amount": 1},
        {"from_wallet_id": theirs, "to_wallet_id": mine, "amount": 1},
    ]
    own = {"from_wallet_id": mine, "to_wallet_id": await stranger.wallet("dave"), "amount": 1}

    attempts: list[tuple[str, object]] = [("/v1/transfers", pair) for pair in pairs]
    attempts += [("/v1/transfers", {"legs": [own, pair]}) for pair in pairs]
    attempts += [("/v1/transfers/batch", {"mode": "atomic", "transfers": [own, pair]}) for pair in pairs]
    attempts.append((f"/v1/wallets/{mine}/transfer", {"to_wallet_id": theirs, "amount": 1}))
    attempts.append((f"/v1/holds/{hold}/capture", {"to_wallet_id": theirs}))
    for path, body in attempts:
        refused(await stranger.post(path, body), 404, "wallet_not_found")
    each = posted(await stranger.post("/v1/transfers/batch", {"mode": "independent", "transfers": pairs}), 200)
    assert [item["status"] for item in each["items"]] == [404, 404]
    assert await stranger.available(mine) == 900


async def test_an_id_of_another_tenant_is_as_unknown_as_one_of_nobody(shared_shop: Shop, stranger: Tenant) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    foreign = await stranger.client.get(f"/v1/wallets/{shared_shop.alice}", headers={"X-Request-Id": "same"})
    unknown = await stranger.client.get(f"/v1/wallets/{nobody}", headers={"X-Request-Id": "same"})

    assert foreign.text.replace(shared_shop.alice, nobody) == unknown.text


async def test_lists_and_filters_show_nothing_of_another_tenant(shared_shop: Shop, stranger: Tenant) -> None:
    client, user_id = stranger.client, shared_shop.user_id
    for path in ("/v1/wallets", "/v1/holds"):
        assert shared_shop.alice not in (await client.get(path)).text
        assert shared_shop.hold not in (await client.get(path)).text
    for path in (
        f"/v1/wallets?user_id={user_id}",
        f"/v1/holds?wallet_id={shared_shop.alice}",
        f"/v1/users/{user_id}/transactions",
        "/v1/transfers?reference=anything",
    ):
        assert posted(await client.get(path), 200)["items"] == []
    assert (await client.get(f"/v1/users/{user_id}/balances")).json()["wallets"] == []


async def test_an_asset_of_another_tenant_is_unknown(stranger: Tenant, shopkeeper: Tenant) -> None:
    posted(await stranger.client.post("/v1/assets", json={"code": "STRANGE", "name": "Theirs"}))

    answer = await shopkeeper.client.post("/v1/wallets", json={"user_id": "alice", "asset": "STRANGE"})

    refused(answer, 404, "asset_not_found", "#/asset")
    assert "STRANGE" not in (await shopkeeper.client.get("/v1/assets?limit=100")).text


async def test_the_same_user_id_is_somebody_else_for_each_tenant(shop: Shop, stranger: Tenant) -> None:
    posted(await stranger.post("/v1/topups", {"user_id": shop.user_id, "asset": "USD", "amount": 7}))

    theirs = (await stranger.client.get(f"/v1/users/{shop.user_id}/balances")).json()["wallets"]

    assert [wallet["balance"]["total"] for wallet in theirs] == [7]
    assert theirs[0]["id"] != shop.alice


async def test_every_route_with_an_id_is_in_this_matrix(anybody: httpx.AsyncClient) -> None:
    """A new route with an id in its path must be added above."""
    document = (await anybody.get("/schema/openapi.json")).json()
    described = {
        operation["operationId"]
        for path, item in document["paths"].items()
        for operation in item.values()
        if "{" in path and "{user_id}" not in path
    }
    reading = {"GetWallet", "GetBalance", "ListEntries", "GetStatement", "GetTransfer", "GetHold", "ChangeWallet"}
    moving = {route.operation for route in MONEY_ROUTES}

    assert described - reading - moving - WEBHOOKS - ELSEWHERE - WITHOUT_TENANT == set()
