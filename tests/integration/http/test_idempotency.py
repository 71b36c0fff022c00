"""The same key and the same request: one effect, and one answer, byte for byte."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest

from conftest import MakeTenant
from integration.http.answers import posted, refused
from integration.http.money_routes import AMOUNT_ROUTES, MONEY_ROUTES, MoneyRoute, Shop, ids

every_money_route = pytest.mark.parametrize("route", MONEY_ROUTES, ids=ids)
RICH = 1_000_000_000


async def ask(shop: Shop, route: MoneyRoute, key: str, body: bytes | None = None) -> httpx.Response:
    """The route's request, or another body, with this key."""
    content = json.dumps(route.body(shop)).encode() if body is None else body
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return await shop.tenant.client.post(route.path(shop), content=content, headers=headers)


def is_replay_of(first: httpx.Response, second: httpx.Response) -> bool:
    """The same status, type and bytes, and marked."""
    return (
        (second.status_code, second.content) == (first.status_code, first.content)
        and second.headers["content-type"] == first.headers["content-type"]
        and "idempotent-replayed" not in first.headers
        and second.headers["idempotent-replayed"] == "true"
    )


async def balances_of(shop: Shop) -> list[object]:
    """What everybody has."""
    return [
        (await shop.tenant.client.get(f"/v1/wallets/{wallet}")).json()["balance"] for wallet in (shop.alice, shop.bob)
    ]


@every_money_route
async def test_a_success_is_replayed_byte_for_byte_and_moves_nothing_again(shop: Shop, route: MoneyRoute) -> None:
    key = uuid4().hex

    first = await ask(shop, route, key)
    after = await balances_of(shop)
    second = await ask(shop, route, key)

    posted(first, route.status)
    assert is_replay_of(first, second)
    assert await balances_of(shop) == after
    for wallet in (shop.alice, shop.bob):
        posted(await shop.tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 777}))
    assert is_replay_of(first, await ask(shop, route, key)), "a replay tells the balances of then, not of now"


TAKING = [
    route
    for route in AMOUNT_ROUTES
    if route.operation
    in {"DebitWallet", "SpendFromWallet", "SendFromWallet", "SpendByUser", "CreateTransfer", "PlaceHold", "CaptureHold"}
]


@pytest.mark.parametrize("route", TAKING, ids=ids)
async def test_a_refusal_stays_a_refusal_even_when_the_money_comes_later(shop: Shop, route: MoneyRoute) -> None:
    key = uuid4().hex
    body = json.dumps(route.body(shop) | {"amount": RICH}).encode()
    code = "capture_exceeds_hold" if route.operation == "CaptureHold" else "insufficient_funds"

    first = await ask(shop, route, key, body)
    posted(await shop.tenant.post(f"/v1/wallets/{shop.alice}/credit", {"amount": 2 * RICH}))
    second = await ask(shop, route, key, body)

    refused(first, 422, code)
    assert is_replay_of(first, second)


async def test_a_refusal_for_a_frozen_wallet_is_replayed_after_the_thaw(shop: Shop) -> None:
    for route in MONEY_ROUTES:
        if route.operation == "ReleaseHold":
            continue  # what is given back always posts
        key, alice = uuid4().hex, f"/v1/wallets/{shop.alice}"
        await shop.tenant.client.patch(alice, json={"status": "frozen"})
        first = await ask(shop, route, key)
        await shop.tenant.client.patch(alice, json={"status": "active"})

        second = await ask(shop, route, key)

        refused(first, 422, "wallet_frozen")
        assert is_replay_of(first, second), route
        posted(await ask(shop, route, uuid4().hex), route.status)


async def test_an_amount_beyond_the_bounds_is_refused_with_the_same_bytes(shop: Shop) -> None:
    for route in AMOUNT_ROUTES:
        key, body = uuid4().hex, json.dumps(route.body(shop) | {"amount": 10**15 + 1}).encode()

        first = await ask(shop, route, key, body)

        assert first.status_code == 422
        assert is_replay_of(first, await ask(shop, route, key, body)), route


@every_money_route
async def test_a_key_does_not_serve_for_another_request(shop: Shop, route: MoneyRoute) -> None:
    key = uuid4().hex
    first = await ask(shop, route, key)
    after = await balances_of(shop)
    same_meaning = json.dumps(route.body(shop), indent=1).encode()
    elsewhere = MONEY_ROUTES[0] if route is not MONEY_ROUTES[0] else MONEY_ROUTES[1]

    for answer in (
        await ask(shop, route, key, same_meaning if b"\n" in same_meaning else b"{ }"),
        await ask(shop, elsewhere, key),
        await shop.tenant.client.post(
            route.path(shop) + "?x=1", json=route.body(shop), headers={"Idempotency-Key": key}
        ),
    ):
        refused(answer, 422, "idempotency_key_reused")

    assert await balances_of(shop) == after
    assert is_replay_of(first, await ask(shop, route, key))


@every_money_route
async def test_without_a_key_nothing_moves(shared_shop: Shop, route: MoneyRoute) -> None:
    answer = await shared_shop.tenant.client.post(route.path(shared_shop), json=route.body(shared_shop))

    refused(answer, 400, "idempotency_key_missing")


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        "a b",
        '"a b"',
        "x" * 256,
        f'"{"x" * 256}"',
        "tab\there",
        "\xe9",
        '"open',
        '"in"side"',
        '"',
    ],
)
async def test_a_key_is_1_to_255_visible_characters(shared_shop: Shop, key: str) -> None:
    route = MONEY_ROUTES[0]
    answer = await shared_shop.tenant.client.post(
        route.path(shared_shop),
        json=route.body(shared_shop),
        headers=[(b"Idempotency-Key", key.encode("latin-1"))],
    )

    refused(answer, 400, "invalid_idempotency_key")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bare-{}", '"bare-{}"'),
        ('"quoted-{}"', "quoted-{}"),
        ('"esc\\"aped-{}"', 'esc"aped-{}'),
    ],
)
async def test_a_key_in_quotes_is_the_same_as_a_bare_one(shop: Shop, first: str, second: str) -> None:
    unique = uuid4().hex

    once = await ask(shop, MONEY_ROUTES[0], first.format(unique))

    posted(once)
    assert is_replay_of(once, await ask(shop, MONEY_ROUTES[0], second.format(unique)))


async def test_the_longest_key_is_taken(shop: Shop) -> None:
    key = uuid4().hex.ljust(255, "!")

    once = await ask(shop, MONEY_ROUTES[0], key)

    assert is_replay_of(once, await ask(shop, MONEY_ROUTES[0], key))


async def test_a_key_belongs_to_its_tenant(shop: Shop, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    theirs = await other.wallet("alice")
    key = uuid4().hex

    ours = await ask(shop, MONEY_ROUTES[0], key)
    answer = await other.post(f"/v1/wallets/{theirs}/credit", {"amount": 5}, key=key)

    posted(ours)
    posted(answer)
    assert "idempotent-replayed" not in answer.headers
    assert await other.available(theirs) == 5


async def test_what_is_refused_before_it_is_decided_leaves_the_key_free(shop: Shop) -> None:
    key, path = uuid4().hex, f"/v1/wallets/{shop.alice}/credit"

    refused(await shop.tenant.post(path, {"amount": "5"}, key=key), 400, "invalid_field")
    refused(await shop.tenant.post(f"/v1/wallets/{uuid4()}/credit", {"amount": 5}, key=key), 404, "wallet_not_found")
    unknown = {"from_wallet_id": shop.alice, "to_wallet_id": str(uuid4()), "amount": 5}
    refused(await shop.tenant.post("/v1/transfers", unknown, key=key), 404, "wallet_not_found")

    answer = await shop.tenant.post(path, {"amount": 5}, key=key)
    posted(answer)
    assert "idempotent-replayed" not in answer.headers


async def test_a_replay_has_ids_of_its_own_in_the_headers_and_the_first_ones_in_the_body(shop: Shop) -> None:
    key, path, body = uuid4().hex, f"/v1/wallets/{shop.bob}/debit", {"amount": RICH}

    headers = {"Idempotency-Key": key, "X-Request-Id": "first"}
    first = await shop.tenant.client.post(path, json=body, headers=headers)
    second = await shop.tenant.client.post(path, json=body, headers=headers | {"X-Request-Id": "second"})

    assert first.json()["request_id"] == second.json()["request_id"] == "first"
    assert (first.headers["x-request-id"], second.headers["x-request-id"]) == ("first", "second")


async def test_another_key_is_another_request(shop: Shop) -> None:
    for route in (route for route in MONEY_ROUTES if route.repeats):
        first, second = await ask(shop, route, uuid4().hex), await ask(shop, route, uuid4().hex)

        posted(first, route.status)
        posted(second, route.status)
        assert first.content != second.content


async def test_a_hundred_requests_at_once_with_one_key_have_one_effect_and_one_answer(shop: Shop) -> None:
    for route in (MONEY_ROUTES[0], next(route for route in MONEY_ROUTES if route.operation == "CreateTransfer")):
        before = await shop.tenant.available(shop.bob), await shop.tenant.available(shop.alice)
        key = uuid4().hex

        answers = await asyncio.gather(*(ask(shop, route, key) for _ in range(100)))

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        after = await shop.tenant.available(shop.bob), await shop.tenant.available(shop.alice)
        assert sum(abs(now - then) for now, then in zip(after, before, strict=True)) in {5, 10}


async def test_a_hundred_requests_at_once_that_are_refused_are_refused_alike(shop: Shop) -> None:
    key, body = uuid4().hex, {"amount": RICH}

    answers = await asyncio.gather(
        *(shop.tenant.post(f"/v1/wallets/{shop.bob}/spend", body, key=key) for _ in range(100))
    )

    assert len({answer.content for answer in answers}) == 1
    refused(answers[0], 422, "insufficient_funds")
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


async def test_of_two_requests_at_once_with_one_key_only_one_counts(shop: Shop) -> None:
    for _ in range(10):
        key, path = uuid4().hex, f"/v1/wallets/{shop.bob}/credit"

        answers = await asyncio.gather(
            *(shop.tenant.post(path, {"amount": amount}, key=key) for amount in (1, 2, 1, 2))
        )

        assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
