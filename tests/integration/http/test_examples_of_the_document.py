"""The examples are no inventions: what the document shows is what the API takes and gives."""

import re
from typing import Any

import httpx
import pytest

from integration.http.answers import posted
from integration.http.money_routes import MONEY_ROUTES, Shop, fresh_key

Object = dict[str, Any]
NOBODY = "00000000-0000-7000-8000-000000000000"


def shape(value: Any) -> Any:
    """Names and types, without the values; null fits everything."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name != "metadata"}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value).__name__


def fits(told: Any, shown: Any) -> bool:
    """Whether an answer has the shape of an example."""
    if told is None or shown is None:
        return True
    if isinstance(told, dict) and isinstance(shown, dict):
        return told.keys() == shown.keys() and all(fits(told[name], shown[name]) for name in told)
    if isinstance(told, list) and isinstance(shown, list):
        return not told or not shown or fits(told[0], shown[0])
    return bool(told == shown)


@pytest.fixture
async def examples(anybody: httpx.AsyncClient) -> dict[str, Object]:
    """The successful examples of every operation, by operationId and status."""
    document = (await anybody.get("/schema/openapi.json")).json()
    return {
        operation["operationId"]: {
            status: response["content"]["application/json"]["examples"]["example"]["value"]
            for status, response in operation["responses"].items()
            if status.startswith("2") and "content" in response
        }
        for item in document["paths"].values()
        for operation in item.values()
    }


async def test_money_routes_answer_as_shown(shop: Shop, examples: dict[str, Object]) -> None:
    for route in MONEY_ROUTES:
        answer = await shop.tenant.client.post(route.path(shop), json=route.body(shop), headers=fresh_key())

        assert fits(shape(posted(answer, route.status)), shape(examples[route.operation][str(route.status)])), route


async def test_readers_are_answered_as_shown(shop: Shop, examples: dict[str, Object]) -> None:
    since = "from=2020-01-01T00:00:00Z"
    for operation, path in (
        ("ListAssets", "/v1/assets"),
        ("ListWallets", "/v1/wallets"),
        ("GetWallet", f"/v1/wallets/{shop.alice}"),
        ("GetBalance", f"/v1/wallets/{shop.alice}/balance"),
        ("ListEntries", f"/v1/wallets/{shop.alice}/entries"),
        ("GetStatement", f"/v1/wallets/{shop.alice}/statement?{since}"),
        ("GetTransfer", f"/v1/transfers/{shop.transfer}"),
        ("ListHolds", "/v1/holds"),
        ("GetHold", f"/v1/holds/{shop.hold}"),
        ("GetUserBalances", f"/v1/users/{shop.user_id}/balances"),
        ("ListUserTransactions", f"/v1/users/{shop.user_id}/transactions"),
        ("Live", "/live"),
        ("Ready", "/ready"),
        ("Health", "/health"),
    ):
        told = posted(await shop.tenant.client.get(path), 200)
        assert fits(shape(told), shape(examples[operation]["200"])), operation


async def test_requests_are_taken_as_shown(shop: Shop, anybody: httpx.AsyncClient) -> None:
    document = (await anybody.get("/schema/openapi.json")).json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "requestBody" not in operation:
                continue
            body = operation["requestBody"]["content"]["application/json"]["examples"]["example"]["value"]
            concrete = path.replace("{wallet_id}", shop.alice).replace("{hold_id}", shop.hold)
            concrete = re.sub(r"\{\w+_id\}", NOBODY, concrete.replace("{transfer_id}", shop.transfer))
            answer = await shop.tenant.client.request(method, concrete, json=body, headers=fresh_key())
            assert answer.status_code not in {400, 413, 415, 500}, (operation["operationId"], answer.text)
