"""Paths and queries: what does not fit is refused by the parameter's own name."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integration.http.answers import refused
from integration.http.money_routes import MONEY_ROUTES, MoneyRoute, Shop, fresh_key, ids

NOT_UUIDS = ["x", "1", "%00", "%ff", "00000000-0000-0000-0000-00000000000g", "%7B{wallet}%7D", "null"]


def encoded(text: str) -> str:
    """As a cursor is."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/wallets/{}", "wallet_id"),
        ("PATCH", "/v1/wallets/{}", "wallet_id"),
        ("GET", "/v1/wallets/{}/balance", "wallet_id"),
        ("GET", "/v1/wallets/{}/entries", "wallet_id"),
        ("GET", "/v1/wallets/{}/statement?from=2026-01-01T00:00:00Z", "wallet_id"),
        ("GET", "/v1/transfers/{}", "transfer_id"),
        ("GET", "/v1/holds/{}", "hold_id"),
    ],
)
async def test_an_id_in_the_path_is_a_uuid(shared_shop: Shop, method: str, path: str, name: str) -> None:
    body = {"status": "frozen"} if method == "PATCH" else None
    for bad in NOT_UUIDS:
        asked = path.format(bad.replace("{wallet}", shared_shop.alice))

        answer = await shared_shop.tenant.client.request(method, asked, json=body)

        refused(answer, 400, "invalid_field", f"#/{name}")


@pytest.mark.parametrize("route", MONEY_ROUTES, ids=ids)
async def test_money_does_not_move_by_a_path_that_is_none(shared_shop: Shop, route: MoneyRoute) -> None:
    path = route.path(shared_shop)
    for known in (shared_shop.alice, shared_shop.hold, shared_shop.transfer):
        if known in path:
            answer = await shared_shop.tenant.client.post(
                path.replace(known, "x"), json=route.body(shared_shop), headers=fresh_key()
            )
            refused(answer, 400, "invalid_field")


@pytest.mark.parametrize("path", ["/v1/users/{}/balances", "/v1/users/{}/transactions", "/v1/wallets?user_id={}"])
async def test_a_user_id_in_a_url_keeps_to_its_alphabet(shared_shop: Shop, path: str) -> None:
    for user_id in ("%00", "%ff", "%ed%a0%80", "a%20b", "%0a", "x" * 129, "%3Cscript%3E", "a%2Cb"):
        answer = await shared_shop.tenant.client.get(path.format(user_id))

        refused(answer, 400, "invalid_field", "#/user_id")


LISTS = (
    "/v1/assets",
    "/v1/wallets",
    "/v1/holds",
    "/v1/wallets/{wallet}/entries",
    "/v1/users/alice/transactions",
    "/v1/wallets/{wallet}/statement?from=2026-01-01T00:00:00Z",
)


async def asked(shop: Shop, path: str, query: str) -> httpx.Response:
    """The list with one more parameter."""
    path = path.replace("{wallet}", shop.alice)
    return await shop.tenant.client.get(f"{path}{'&' if '?' in path else '?'}{query}")


@pytest.mark.parametrize("path", LISTS)
async def test_a_limit_is_1_to_100(shared_shop: Shop, path: str) -> None:
    for limit in ("0", "-1", "101", "abc", "", "1.5", "9" * 30, "%00"):
        refused(await asked(shared_shop, path, f"limit={limit}"), 400, "invalid_field", "#/limit")


FORGED = [
    "",
    "x",
    "=",
    "%00",
    "%ff",
    "bm90IGpzb24",
    encoded("[]"),
    encoded("null"),
    encoded('{"id":1}'),
    encoded('["wallets","x"]'),
    encoded('["assets","\\u0000"]'),
    encoded('["assets","USD"] '),
    encoded('["entries","2026-01-01T00:00:00",1]'),
    encoded('["entries","0001-01-01T00:00:00+14:00",1]'),
    encoded('["entries","2026-01-01T00:00:00Z",9223372036854775808]'),
    encoded('["entries","2026-01-01T00:00:00Z",-1]'),
    encoded('["entries","2026-01-01T00:00:00Z",1,1]'),
    encoded('["statement","9999-12-31T23:59:59-14:00","2026-01-01T00:00:00Z",1]'),
]


@pytest.mark.parametrize("path", LISTS)
async def test_a_cursor_that_is_not_ours_is_refused(shared_shop: Shop, path: str) -> None:
    for cursor in FORGED:
        refused(await asked(shared_shop, path, f"cursor={cursor}"), 400, "invalid_cursor", "#/cursor")
    refused(await asked(shared_shop, path, f"cursor={'x' * 600}"), 400, "invalid_field", "#/cursor")


async def test_a_cursor_of_another_list_is_refused(shared_shop: Shop) -> None:
    client = shared_shop.tenant.client
    cursor = (await client.get("/v1/assets?limit=1")).json()["next_cursor"]

    for path in LISTS[1:]:
        refused(await asked(shared_shop, path, f"cursor={cursor}"), 400, "invalid_cursor", "#/cursor")


@pytest.mark.parametrize(
    "instant",
    [
        "",
        "yesterday",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "1700000000",
        "2026",
        "%00",
        "2026-01-01T00:00:00 00:00",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59-14:00",
        "null",
    ],
)
async def test_an_instant_is_rfc_3339_with_an_offset(shared_shop: Shop, instant: str) -> None:
    client, wallet = shared_shop.tenant.client, f"/v1/wallets/{shared_shop.alice}"
    for path, name in (
        (f"{wallet}/balance?at={instant}", "at"),
        (f"{wallet}/statement?from={instant}", "from"),
        (f"{wallet}/statement?from=2026-01-01T00:00:00Z&to={instant}", "to"),
        (f"{wallet}/entries?from={instant}", "from"),
        (f"{wallet}/entries?to={instant}", "to"),
        (f"/v1/users/alice/transactions?from={instant}", "from"),
    ):
        refused(await client.get(path), 400, "invalid_field", f"#/{name}")


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00%2B23:59"])
async def test_an_instant_long_ago_is_before_everything(shared_shop: Shop, instant: str) -> None:
    client, wallet = shared_shop.tenant.client, f"/v1/wallets/{shared_shop.alice}"

    balance = await client.get(f"{wallet}/balance?at={instant}")
    statement = await client.get(f"{wallet}/statement?from={instant}")

    assert balance.json()["balance"] == {"available": 0, "reserved": 0, "total": 0}
    assert (statement.json()["opening_balance"], statement.json()["closing_balance"]) == (0, 998_900)


async def test_a_balance_of_the_future_is_not_known(shared_shop: Shop) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+", "%2B")

    answer = await shared_shop.tenant.client.get(f"/v1/wallets/{shared_shop.alice}/balance?at={tomorrow}")

    refused(answer, 400, "invalid_field", "#/at")


async def test_a_statement_does_not_end_before_it_begins(shared_shop: Shop) -> None:
    path = f"/v1/wallets/{shared_shop.alice}/statement?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"

    refused(await shared_shop.tenant.client.get(path), 400, "invalid_field", "#/to")


async def test_a_parameter_that_must_be_there_is_asked_for_by_name(shared_shop: Shop) -> None:
    client = shared_shop.tenant.client

    refused(await client.get("/v1/transfers"), 400, "invalid_field", "#/reference")
    refused(await client.get(f"/v1/wallets/{shared_shop.alice}/statement"), 400, "invalid_field", "#/from")


async def test_several_parameters_at_fault_are_all_named(shared_shop: Shop) -> None:
    document = refused(
        await shared_shop.tenant.client.get("/v1/wallets?limit=0&user_id=%00"), 400, "invalid_field", "#/limit"
    )

    assert {error["pointer"] for error in document["errors"]} == {"#/limit", "#/user_id"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/wallets/{wallet}/entries?type=bribe", "type"),
        ("/v1/users/alice/transactions?type=", "type"),
        ("/v1/wallets/{wallet}/entries?reference=%00", "reference"),
        ("/v1/transfers?reference=%00", "reference"),
        ("/v1/transfers?reference=", "reference"),
        ("/v1/transfers?reference=" + "x" * 129, "reference"),
        ("/v1/holds?wallet_id=x", "wallet_id"),
        ("/v1/holds?wallet_id=null", "wallet_id"),
        ("/v1/wallets/{wallet}/entries?type=null", "type"),
        ("/v1/wallets/{wallet}/statement?from=2026-01-01T00:00:00Z&format=xml", "format"),
    ],
)
async def test_a_filter_that_does_not_fit_is_refused(shared_shop: Shop, path: str, name: str) -> None:
    answer = await shared_shop.tenant.client.get(path.replace("{wallet}", shared_shop.alice))

    refused(answer, 400, "invalid_field", f"#/{name}")


@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "1; DROP TABLE wallets", "%", "_", "\\", "${jndi:ldap://x}", "{{7*7}}", "../../etc/passwd"]
)
async def test_text_that_means_something_elsewhere_means_nothing_here(shared_shop: Shop, text: str) -> None:
    found = await shared_shop.tenant.client.get("/v1/transfers", params={"reference": text})

    assert found.json() == {"items": [], "next_cursor": None}
