"""A large batch is written in parts: nobody can tell, whatever goes wrong in whichever of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from adapters.postgres.batch_writer import BatchRaced
from adapters.postgres.connection import connect_for_posting
from adapters.postgres.ledger import PART
from concurrency.market import Market, code_of
from concurrency.observing import until_somebody_waits
from conftest import TestDatabase
from core.application.transfers.request import Details
from core.domain.idempotency import Answer
from core.domain.instructions import Outcome, PostingRequest
from ports.unit_of_work import UnitOfWork

MANY = 3 * PART + 7


async def post_all(market: Market, requests: list[PostingRequest]) -> list[str]:
    async with market.container.unit_of_work() as work:
        answers = await work.ledger.post(requests)
        await work.commit()
    return [code_of(answer) for answer in answers]


async def test_each_request_is_judged_after_all_before_it_and_told_in_that_order(
    market: Market, shared_database: TestDatabase
) -> None:
    """Money goes round a ring in which nobody but the first has any: out of order, nobody could pay."""
    ring = [await market.wallet(1), *[await market.wallet() for _ in range(6)]]
    requests = [market.transfer(ring[step % 7], ring[(step + 1) % 7]) for step in range(MANY)]

    assert await post_all(market, requests) == ["posted"] * MANY

    assert [await market.available(wallet) for wallet in ring] == [int(place == MANY % 7) for place in range(7)]
    told = await rows(
        shared_database,
        "SELECT subject FROM outbox WHERE tenant_id = $1 AND type = 'transfer.posted' AND subject = ANY($2) "
        "ORDER BY occurred_at, ordinal",
        market,
        [request.instruction.drafts[0].id for request in requests],
    )
    assert told == [request.instruction.drafts[0].id for request in requests]


async def test_what_one_part_has_taken_is_taken_for_the_others(market: Market) -> None:
    alice, bob, named = await market.wallet(10 * MANY), await market.wallet(), Details(reference="once")
    asked = [market.transfer(alice, bob) for _ in range(MANY)]
    again = market.transfer(alice, bob, key=asked[0].claim.key)
    asked[1], asked[-3] = (market.transfer(alice, bob, details=named) for _ in range(2))
    asked[-2], asked[-1] = again, market.transfer(alice, bob, key=asked[0].claim.key, says="something else")

    codes = Counter(await post_all(market, asked))

    assert codes == {"posted": MANY - 2, "reference_already_used": 1, "idempotency_key_reused": 1}
    assert await market.available(bob) == MANY - 3


@pytest.mark.parametrize("place", [0, PART, MANY - 1], ids=["first part", "second part", "last part"])
async def test_a_key_that_is_taken_meanwhile_undoes_every_part(
    market: Market, shared_database: TestDatabase, place: int
) -> None:
    alice, bob = [await market.wallet(MANY) for _ in range(2)]
    asked = [market.transfer(alice, bob) for _ in range(MANY)]
    asked[place] = market.transfer(alice, bob, key="the same")

    async with key_taken(market, "the same") as taken:
        waiting = asyncio.create_task(post_patiently(market, asked))
        await until_one_waits(shared_database)
        await taken.commit()
    with pytest.raises(BatchRaced):
        await waiting

    assert await market.available(bob) == MANY
    assert await post_all(market, asked) == [
        "idempotency_key_reused" if number == place else "posted" for number in range(MANY)
    ]


async def test_a_caller_that_is_canceled_between_two_parts_leaves_nothing(
    market: Market, shared_database: TestDatabase
) -> None:
    alice, bob = [await market.wallet(MANY) for _ in range(2)]
    asked = [market.transfer(alice, bob, key="the same"), *[market.transfer(alice, bob) for _ in range(MANY - 1)]]

    async with key_taken(market, "the same"):
        waiting = asyncio.create_task(post_patiently(market, asked))
        await until_one_waits(shared_database)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await market.available(bob) == MANY

    assert set(await post_all(market, asked)) == {"posted"}


async def test_what_fails_while_a_part_is_on_its_way_takes_that_back(market: Market) -> None:
    alice, bob = [await market.wallet(MANY) for _ in range(2)]
    asked = [market.transfer(alice, bob, key="the same"), *[market.transfer(alice, bob) for _ in range(MANY - 1)]]
    asked[PART] = market.transfer(alice, bob, render=cannot_tell)

    async with key_taken(market, "the same"):
        with pytest.raises(LookupError):
            await post_patiently(market, asked)

    assert await market.available(bob) == MANY


@asynccontextmanager
async def key_taken(market: Market, key: str) -> AsyncGenerator[UnitOfWork]:
    """By another request over other accounts, in a transaction that is not committed yet."""
    carol, dave = [await market.wallet(1) for _ in range(2)]
    async with market.container.unit_of_work() as work:
        await work.ledger.post([market.transfer(carol, dave, key=key, says="something else")])
        yield work


async def post_patiently(market: Market, requests: list[PostingRequest]) -> None:
    """On a connection that waits for locks longer than a busy machine may need to get to the next step."""
    connection = await connect_for_posting(market.container.address())
    try:
        await connection.execute("SET lock_timeout = '60s'")
        async with connection.transaction():
            await market.container.ledger().post(connection, requests)
    finally:
        await connection.close(timeout=5)


async def until_one_waits(database: TestDatabase) -> None:
    admin = await asyncpg.connect(database.admin_url)
    try:
        await until_somebody_waits(admin)
    finally:
        await admin.close()


def cannot_tell(outcome: Outcome) -> Answer:
    raise LookupError


async def rows(database: TestDatabase, query: str, market: Market, *arguments: object) -> list[object]:
    admin = await asyncpg.connect(database.admin_url)
    try:
        return [row[0] for row in await admin.fetch(query, market.tenant_id, *arguments)]
    finally:
        await admin.close()
