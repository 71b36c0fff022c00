"""Bad input moves nothing, and is told exactly what is wrong with it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from integration.http.answers import posted, refused
from integration.http.money_routes import AMOUNT_ROUTES, MONEY_ROUTES, MoneyRoute, Shop, fresh_key, ids

JSON = {"Content-Type": "application/json"}
every_money_route = pytest.mark.parametrize("route", MONEY_ROUTES, ids=ids)
every_single_route = pytest.mark.parametrize(
    "route", [route for route in MONEY_ROUTES if route.operation != "CreateTransferBatch"], ids=ids
)
every_amount_route = pytest.mark.parametrize("route", AMOUNT_ROUTES, ids=ids)


async def send(shop: Shop, route: MoneyRoute, body: bytes | str, **headers: str) -> httpx.Response:
    """The raw body, as it is."""
    return await shop.tenant.client.post(route.path(shop), content=body, headers=JSON | fresh_key() | headers)


def with_amount(shop: Shop, route: MoneyRoute, amount: str) -> str:
    """The route's body with another amount, written as given."""
    body = json.dumps(route.body(shop))
    assert '"amount": 5' in body
    return body.replace('"amount": 5', f'"amount": {amount}')


NO_AMOUNTS = (
    *("1.5", "5.0", "5e0", "1E2", '"5"', '""', "true", "[]", "{}"),
    *("-1", "0", "-0", "-9223372036854775808", "-9223372036854775809", "9" * 5000),
)


@every_amount_route
async def test_an_amount_is_a_positive_integer(shared_shop: Shop, route: MoneyRoute) -> None:
    for amount in NO_AMOUNTS:
        answer = await send(shared_shop, route, with_amount(shared_shop, route, amount))

        refused(answer, 400, "invalid_field", "#/amount")


@every_amount_route
async def test_an_amount_beyond_the_bounds_is_too_large(shared_shop: Shop, route: MoneyRoute) -> None:
    # A hold never keeps more than 10^15, so that more than it keeps is what a capture is told.
    code = "capture_exceeds_hold" if route.operation == "CaptureHold" else "amount_too_large"
    for amount in (10**15 + 1, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1, 2**64, 10**40):
        answer = await send(shared_shop, route, with_amount(shared_shop, route, str(amount)))

        refused(answer, 422, code, "#/amount")


@pytest.mark.parametrize("route", [route for route in AMOUNT_ROUTES if route.operation != "CaptureHold"], ids=ids)
async def test_an_amount_is_not_left_out(shared_shop: Shop, route: MoneyRoute) -> None:
    body = route.body(shared_shop)
    del body["amount"]

    document = refused(await send(shared_shop, route, json.dumps(body)), 400, "invalid_field")

    assert "amount" in document["detail"]


@every_money_route
async def test_a_field_nobody_knows_is_refused_by_name(shared_shop: Shop, route: MoneyRoute) -> None:
    for name in ("balance", "status", "tenant_id", "Amount"):
        body = json.dumps(route.body(shared_shop) | {name: 1})

        refused(await send(shared_shop, route, body), 400, "invalid_field", f"#/{name}")


BREAKING: tuple[Callable[[str], str], ...] = (
    lambda body: body[:-1],
    lambda body: body[:-1] + ",}",
    lambda body: body + "{}",
    lambda body: body + "\0",
    lambda body: "\ufeff" + body,
    lambda _body: "amount=5",
)


@every_money_route
async def test_a_body_that_is_not_json_is_refused(shared_shop: Shop, route: MoneyRoute) -> None:
    for broken in BREAKING:
        body = broken(json.dumps(route.body(shared_shop)))

        refused(await send(shared_shop, route, body), 400, "invalid_json")


@every_money_route
async def test_a_body_that_is_no_object_is_refused(shared_shop: Shop, route: MoneyRoute) -> None:
    for body in ("null", "[]", '"amount"', "5", "true"):
        refused(await send(shared_shop, route, body), 400, "invalid_field", "#")


@every_money_route
async def test_an_empty_body_is_refused(shared_shop: Shop, route: MoneyRoute) -> None:
    document = refused(await send(shared_shop, route, b""), 400, "invalid_json")

    assert document["detail"] == "the body is empty; a JSON object is wanted"


NOT_JSON = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/msgpack",
    "application/jsonp",
    "application/problem+json",
    "",
)


@every_money_route
async def test_a_body_of_another_type_is_refused(shared_shop: Shop, route: MoneyRoute) -> None:
    for content_type in NOT_JSON:
        answer = await send(shared_shop, route, json.dumps(route.body(shared_shop)), **{"Content-Type": content_type})

        refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"]
)
async def test_parameters_and_case_of_the_content_type_do_not_matter(shop: Shop, content_type: str) -> None:
    answer = await send(shop, MONEY_ROUTES[0], '{"amount": 5}', **{"Content-Type": content_type})

    posted(answer)


@every_money_route
async def test_a_field_given_twice_is_refused(shared_shop: Shop, route: MoneyRoute) -> None:
    body = json.dumps(route.body(shared_shop))[:-1]
    twice = '"reference": "a", "reference": "b"}' if route.operation != "CreateTransferBatch" else '"mode": "atomic"}'
    name = "mode" if route.operation == "CreateTransferBatch" else "reference"

    answer = await send(shared_shop, route, body + (", " if len(body) > 1 else "") + twice)

    refused(answer, 400, "repeated_field", f"#/{name}")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"amount": 5, "amount": 5}', "#/amount"),
        ('{"amount": 5, "metadata": {"a": {"b": 1, "b": 2}}}', "#/metadata/a/b"),
        ('{"amount": 5, "metadata": {"list": [{}, {"x/y": 1, "x/y": 2}]}}', "#/metadata/list/1/x~1y"),
        (
            '{"amount": 5, "metadata": {"payment_method": "card"}, "payment_method": "cash"}',
            "#/metadata/payment_method",
        ),
    ],
)
async def test_what_is_given_twice_is_found_wherever_it_is(shared_shop: Shop, body: str, pointer: str) -> None:
    topup = next(route for route in MONEY_ROUTES if route.operation == "TopUpWallet")

    refused(await send(shared_shop, topup, body), 400, "repeated_field", pointer)


@every_single_route
async def test_a_body_of_a_megabyte_is_refused_and_the_connection_lives_on(
    shared_shop: Shop, route: MoneyRoute
) -> None:
    body = json.dumps(route.body(shared_shop))[:-1] + " " * 1_000_000 + "}"

    refused(await send(shared_shop, route, body), 413, "body_too_large")


async def test_a_body_may_have_256_kilobytes_and_not_a_byte_more(shop: Shop) -> None:
    def body(size: int) -> str:
        return '{"amount": 5' + " " * (size - 13) + "}"

    posted(await send(shop, MONEY_ROUTES[0], body(262_144)))
    refused(await send(shop, MONEY_ROUTES[0], body(262_145)), 413, "body_too_large")


async def test_a_body_that_comes_in_chunks_is_measured_as_it_comes(shared_shop: Shop) -> None:
    async def endless() -> Any:
        yield b'{"amount": 5'
        for _ in range(64):
            yield b" " * 16_384

    answer = await shared_shop.tenant.client.post(
        f"/v1/wallets/{shared_shop.alice}/credit", content=endless(), headers=JSON | fresh_key()
    )

    refused(answer, 413, "body_too_large")


async def test_metadata_of_16_kilobytes_is_kept_and_of_40_is_refused(shop: Shop) -> None:
    kept = {"note": "x" * 16_384, "nested": [{"deep": [1, 2.5, None, True]}]}

    credit = posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 5, "metadata": kept}))
    answer = await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 5, "metadata": {"x": "y" * 40_000}})

    assert credit["metadata"] == kept
    assert (await shop.tenant.client.get(f"/v1/transfers/{credit['id']}")).json()["metadata"] == kept
    refused(answer, 400, "metadata_too_large", "#/metadata")


@every_single_route
async def test_metadata_is_an_object(shared_shop: Shop, route: MoneyRoute) -> None:
    body = json.dumps(route.body(shared_shop))[:-1]
    for value in ("[]", '"text"', "5", "true"):
        answer = await send(shared_shop, route, body + (", " if len(body) > 1 else "") + f'"metadata": {value}}}')

        refused(answer, 400, "invalid_field", "#/metadata")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", '""'),
        ("reference", '"line\\nfeed"'),
        ("reference", '"trailing\\n"'),
        ("reference", '"nul\\u0000"'),
        ("reference", '"über"'),
        ("reference", f'"{"x" * 129}"'),
        ("description", '""'),
        ("description", '"nul\\u0000"'),
        ("description", '"bell\\u0007"'),
        ("description", f'"{"x" * 501}"'),
        ("description", "5"),
    ],
)
async def test_texts_keep_to_their_alphabet_and_length(shared_shop: Shop, field: str, value: str) -> None:
    answer = await send(shared_shop, MONEY_ROUTES[0], f'{{"amount": 5, "{field}": {value}}}')

    refused(answer, 400, "invalid_field", f"#/{field}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"amount": 5, "description": "\\ud800"}',
        b'{"amount": 5, "metadata": {"\\udfff": 1}}',
        b'{"amount": 5, "description": "\xff"}',
        b'{"amount": 5, "description": "\xed\xa0\x80"}',
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": undefined}',
        b'{"amount": 05}',
        b'{"amount": +5}',
    ],
    ids=[
        "lone surrogate",
        "as a name",
        "not UTF-8",
        "surrogate as UTF-8",
        "NaN",
        "Infinity",
        "undefined",
        "octal",
        "plus",
    ],
)
async def test_text_and_numbers_that_json_does_not_know_are_refused(shared_shop: Shop, body: bytes) -> None:
    refused(await send(shared_shop, MONEY_ROUTES[0], body), 400, "invalid_json")


async def test_a_nul_in_metadata_is_kept_as_it_is(shop: Shop) -> None:
    answer = await send(shop, MONEY_ROUTES[0], b'{"amount": 5, "metadata": {"n\\u0000l": "a\\u0000b"}}')

    credit = posted(answer)

    assert credit["metadata"] == {"n\0l": "a\0b"}
    assert (await shop.tenant.client.get(f"/v1/transfers/{credit['id']}")).json()["metadata"] == {"n\0l": "a\0b"}


async def test_numbers_in_metadata_are_never_rounded(shop: Shop) -> None:
    answer = await send(shop, MONEY_ROUTES[0], b'{"amount": 5, "metadata": {"n": 12345678901234567890123}}')

    assert posted(answer)["metadata"] == {"n": 12345678901234567890123}


async def test_a_body_nested_too_deeply_is_refused(shared_shop: Shop) -> None:
    body = '{"amount": 5, "metadata": ' + '{"a": ' * 5000 + "1" + "}" * 5000 + "}"

    refused(await send(shared_shop, MONEY_ROUTES[0], body), 400, "invalid_json")


@pytest.mark.parametrize(
    "user_id", ["", "with space", "x" * 129, "slash/", "nul\0", "über", "line\n", "semi;colon", "<script>", "'; DROP--"]
)
async def test_a_user_id_keeps_to_its_alphabet(shared_shop: Shop, user_id: str) -> None:
    for path, body in (
        ("/v1/wallets", {"user_id": user_id, "asset": "USD"}),
        ("/v1/topups", {"user_id": user_id, "asset": "USD", "amount": 5}),
    ):
        refused(await shared_shop.tenant.post(path, body), 400, "invalid_field", "#/user_id")


@pytest.mark.parametrize(
    "user_id", ["a", "x" * 128, "alice@example.com", "auth0|5f7c8ec7c33c6c004bbafe82", "urn:a-b_c.d"]
)
async def test_a_user_id_may_look_like_those_of_identity_providers(shared_shop: Shop, user_id: str) -> None:
    opened = await shared_shop.tenant.client.post("/v1/wallets", json={"user_id": user_id, "asset": "USD"})

    assert opened.json()["user_id"] == user_id
    assert (await shared_shop.tenant.client.get(f"/v1/users/{user_id}/balances")).json()["user_id"] == user_id


async def test_an_asset_nobody_has_is_not_found(shared_shop: Shop) -> None:
    for path in ("/v1/topups", "/v1/bonuses"):
        body = {"user_id": "alice", "asset": "NO_SUCH_ASSET", "amount": 5}
        refused(await shared_shop.tenant.post(path, body), 404, "asset_not_found", "#/asset")
    opened = await shared_shop.tenant.client.post("/v1/wallets", json={"user_id": "alice", "asset": "NO_SUCH_ASSET"})
    refused(opened, 404, "asset_not_found", "#/asset")


async def test_a_user_without_a_wallet_in_that_asset_spends_nothing(shared_shop: Shop) -> None:
    body = {"user_id": "alice", "asset": "EUR", "amount": 5}

    refused(await shared_shop.tenant.post("/v1/spends", body), 404, "wallet_not_found")


@pytest.mark.parametrize("asset", ["", "US", "usd", "US$", "X" * 33, "1ABC", "USD\n", 840, None])
async def test_an_asset_code_keeps_to_its_alphabet(shared_shop: Shop, asset: object) -> None:
    body = {"user_id": "alice", "asset": asset, "amount": 5}

    refused(await shared_shop.tenant.post("/v1/topups", body), 400, "invalid_field", "#/asset")


async def test_money_does_not_move_between_wallets_of_different_assets(shared_shop: Shop) -> None:
    euros = await shared_shop.tenant.wallet("alice", asset="EUR")
    for path, body in (
        ("/v1/transfers", {"from_wallet_id": shared_shop.alice, "to_wallet_id": euros, "amount": 5}),
        (f"/v1/wallets/{shared_shop.alice}/transfer", {"to_wallet_id": euros, "amount": 5}),
        (f"/v1/holds/{shared_shop.hold}/capture", {"to_wallet_id": euros, "amount": 5}),
    ):
        refused(await shared_shop.tenant.post(path, body), 422, "asset_mismatch")


async def test_a_wallet_does_not_pay_itself(shared_shop: Shop) -> None:
    body = {"from_wallet_id": shared_shop.alice, "to_wallet_id": shared_shop.alice, "amount": 5}

    refused(await shared_shop.tenant.post("/v1/transfers", body), 422, "same_wallet")


@pytest.mark.parametrize("wallet_id", ["", "alice", "1", "00000000-0000-0000-0000", 5, None, "g" * 32])
async def test_an_id_in_a_body_is_a_uuid(shared_shop: Shop, wallet_id: object) -> None:
    body = {"wallet_id": wallet_id, "amount": 5}

    refused(await shared_shop.tenant.post("/v1/holds", body), 400, "invalid_field", "#/wallet_id")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from_wallet_id": "a", "legs": []},
        {"amount": 5},
        {"legs": []},
        {"legs": [{}]},
        {"legs": None},
    ],
)
async def test_a_transfer_has_one_of_its_two_forms(shared_shop: Shop, body: dict[str, Any]) -> None:
    refused(await shared_shop.tenant.post("/v1/transfers", body), 400, "invalid_field")


async def test_a_transfer_does_not_have_both_forms(shared_shop: Shop) -> None:
    pair = {"from_wallet_id": shared_shop.alice, "to_wallet_id": shared_shop.bob, "amount": 5}

    document = refused(
        await shared_shop.tenant.post("/v1/transfers", pair | {"legs": [pair]}), 400, "invalid_field", "#"
    )

    assert "not both" in document["detail"]


async def test_what_was_refused_moved_nothing(shared_shop: Shop) -> None:
    """Runs last in this file: all of the above left the shop as it was opened."""
    held = (await shared_shop.tenant.client.get(f"/v1/wallets/{shared_shop.alice}")).json()["balance"]

    assert held == {"available": 998_900, "reserved": 1000, "total": 999_900}
    assert await shared_shop.tenant.available(shared_shop.bob) == 100
