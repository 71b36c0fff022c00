"""64 clients at once, on wallets that several API processes write to."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from typing import TypeVar

import asyncpg
import pytest

from concurrency.books import assert_books_add_up
from e2e.conftest import Bank, Installation, OpenBank
from e2e.wire import Response, Wire

Told = TypeVar("Told")

CLIENTS = 64
BALANCE = 1_000
CROSSINGS_EACH = 10

both_ways = pytest.mark.parametrize("apis", [1, 2], ids=["one API with two workers", "two APIs"])


@both_ways
async def test_exactly_what_a_wallet_holds_is_spent(apis: int, open_bank: OpenBank, installation: Installation) -> None:
    bank = await open_bank(wallets=1, opening=BALANCE)
    path = f"/v1/wallets/{bank.wallets[0]}/spend"

    async def spend(client: int, wire: Wire) -> list[tuple[int, Response]]:
        # More than there is in large amounts, which leaves less than the largest; then that, unit by unit.
        amounts = [*random.Random(client).choices([1, 2, 5, 9], k=10), *[1] * 2]
        return [
            (amount, await wire.post(path, json.dumps({"amount": amount}).encode(), key=f"{client}-{number}"))
            for number, amount in enumerate(amounts)
        ]

    answers = [answer for told in await _all_at_once(spend, _ways(bank, apis)) for answer in told]

    assert Counter(response.status for _, response in answers).keys() == {201, 422}
    assert {json.loads(response.body)["code"] for _, response in answers if response.status == 422} == {
        "insufficient_funds"
    }
    assert sum(amount for amount, response in answers if response.status == 201) == BALANCE
    assert await bank.available() == [0]
    await assert_books_add_up(installation.database.admin_url, bank.tenant_id)


@both_ways
async def test_crossing_transfers_end_in_neither_an_error_nor_a_deadlock(
    apis: int, open_bank: OpenBank, installation: Installation
) -> None:
    bank = await open_bank(wallets=2, opening=BALANCE)
    one, other = bank.wallets
    before = await _deadlocks(installation)

    async def cross(client: int, wire: Wire) -> list[tuple[int, Response]]:
        rng = random.Random(client)
        answers: list[tuple[int, Response]] = []
        for number in range(CROSSINGS_EACH):
            there = (client + number) % 2 == 0
            amount = rng.randint(1, 40)
            source, target = (one, other) if there else (other, one)
            body = {"from_wallet_id": source, "to_wallet_id": target, "amount": amount}
            response = await wire.post("/v1/transfers", json.dumps(body).encode(), key=f"{client}-{number}")
            answers.append((amount if there else -amount, response))
        return answers

    answers = [answer for told in await _all_at_once(cross, _ways(bank, apis)) for answer in told]

    assert {response.status for _, response in answers} <= {201, 422}
    moved = sum(amount for amount, response in answers if response.status == 201)
    assert await bank.available() == [BALANCE - moved, BALANCE + moved]
    assert await _deadlocks(installation) == before
    await assert_books_add_up(installation.database.admin_url, bank.tenant_id)


async def test_one_key_sent_by_everybody_at_once_has_one_effect(
    open_bank: OpenBank, installation: Installation
) -> None:
    bank = await open_bank(wallets=2, opening=BALANCE)
    body = {"from_wallet_id": bank.wallets[0], "to_wallet_id": bank.wallets[1], "amount": 7}

    async def send(_client: int, wire: Wire) -> Response:
        return await wire.post("/v1/transfers", json.dumps(body).encode(), key="the-same")

    answers = await _all_at_once(send, _ways(bank, 2))

    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await bank.available() == [BALANCE - 7, BALANCE + 7]
    await assert_books_add_up(installation.database.admin_url, bank.tenant_id)


async def _all_at_once(what: Callable[[int, Wire], Awaitable[Told]], wires: Sequence[Wire]) -> list[Told]:
    """What each client got, all of them having begun before the first was answered."""
    return await asyncio.gather(*(what(client, wire) for client, wire in enumerate(wires)))


def _ways(bank: Bank, apis: int) -> list[Wire]:
    """One for each client: to the API with two workers, or by turns to both APIs."""
    return list(islice(cycle(bank.wires[:apis]), CLIENTS))


async def _deadlocks(installation: Installation) -> int:
    """How many PostgreSQL has dissolved in this database so far."""
    connection = await asyncpg.connect(installation.database.admin_url)
    try:
        found: int = await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = 'bursar'")
    finally:
        await connection.close()
    return found
