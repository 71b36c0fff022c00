"""Assets: ISO 4217's currencies from the start, and the tenant's own."""

import pytest

from conftest import Tenant
from integration.http.answers import posted, refused

GOLD = {"code": "GOLD_COINS", "name": "Gold coins"}


async def test_an_asset_of_ones_own_is_added_once(tenant: Tenant) -> None:
    first = await tenant.client.post("/v1/assets", json=GOLD | {"exponent": 3})
    again = await tenant.client.post("/v1/assets", json=GOLD | {"exponent": 3})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == GOLD | {"exponent": 3, "kind": "points"}
    assert await tenant.wallet("alice", asset="GOLD_COINS", balance=5)


async def test_an_asset_does_not_change(tenant: Tenant) -> None:
    posted(await tenant.client.post("/v1/assets", json=GOLD))

    for other in ({"exponent": 2}, {"name": "Golden coins"}, {"kind": "currency"}):
        refused(await tenant.client.post("/v1/assets", json=GOLD | other), 409, "asset_already_exists", "#/code")


async def test_the_exponent_of_a_currency_is_that_of_iso_4217(tenant: Tenant) -> None:
    for code, exponent in (("USD", 3), ("JPY", 2), ("KWD", 2), ("CLF", 2)):
        body = {"code": code, "name": code, "exponent": exponent, "kind": "currency"}
        refused(await tenant.client.post("/v1/assets", json=body), 422, "invalid_asset", "#/exponent")
    invented = {"code": "XQQ", "name": "No such money", "exponent": 2, "kind": "currency"}
    refused(await tenant.client.post("/v1/assets", json=invented), 422, "invalid_asset", "#/code")


async def test_currencies_have_the_exponents_of_iso_4217(tenant: Tenant) -> None:
    told = [(await tenant.client.get("/v1/assets?limit=100")).json()]
    while cursor := told[-1]["next_cursor"]:
        told.append((await tenant.client.get(f"/v1/assets?limit=100&cursor={cursor}")).json())

    exponents = {asset["code"]: asset["exponent"] for page in told for asset in page["items"]}

    assert {code: exponents[code] for code in ("USD", "JPY", "KWD", "CLF")} == {"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "gold"),
        ("code", "GO"),
        ("code", "X" * 33),
        ("code", "GOLD COINS"),
        ("code", "GÖLD"),
        ("code", None),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "nul\0"),
        ("exponent", -1),
        ("exponent", 9),
        ("exponent", 2.0),
        ("exponent", "2"),
        ("exponent", 2**63),
        ("kind", "shares"),
        ("rate", 1),
    ],
)
async def test_an_asset_keeps_to_the_rules(shopkeeper: Tenant, field: str, value: object) -> None:
    refused(await shopkeeper.client.post("/v1/assets", json=GOLD | {field: value}), 400, "invalid_field", f"#/{field}")
