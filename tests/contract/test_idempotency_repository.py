"""What `ports.idempotency_repository` promises: an answer that is still being made is replaced at most once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest

from concurrency.market import TRACE, Market
from concurrency.observing import until_somebody_waits
from conftest import TestDatabase
from contract.orders_under_test import a_claim
from core.domain.idempotency import Answer, IdempotencyClaim
from entrypoints.container import Container
from ports.idempotency_repository import KeptAnswer
from ports.unit_of_work import TransactionRaced, UnitOfWorkFactory

PROVISIONAL, FINAL, LATE = Answer(202, b"wait"), Answer(201, b"done"), Answer(201, b"too late")


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def keep(begin: UnitOfWorkFactory, claim: IdempotencyClaim, *, seconds: float | None) -> None:
    """The provisional answer, for so long."""
    async with begin() as work:
        await work.idempotency.keep(claim, PROVISIONAL, trace_id=TRACE)
        if seconds is not None:
            await work.idempotency.defer(claim, seconds=seconds)
        await work.commit()


async def settle(begin: UnitOfWorkFactory, claim: IdempotencyClaim, answer: Answer) -> Answer:
    """What is stored after trying to replace it."""
    async with begin() as work:
        stored = await work.idempotency.settle(claim, answer)
        await work.commit()
    return stored


async def find(begin: UnitOfWorkFactory, claim: IdempotencyClaim) -> KeptAnswer | None:
    """What is stored."""
    async with begin() as work:
        return await work.idempotency.find(claim)


async def test_a_fresh_key_has_no_answer(begin: UnitOfWorkFactory, market: Market) -> None:
    assert await find(begin, a_claim(market)) is None


async def test_an_answer_is_kept_with_what_was_asked(begin: UnitOfWorkFactory, market: Market) -> None:
    claim = a_claim(market, says=b"x" * 32)

    await keep(begin, claim, seconds=None)

    assert await find(begin, claim) == KeptAnswer(b"x" * 32, replace(PROVISIONAL, replayed=True), settled=True)


async def test_a_key_is_kept_once(begin: UnitOfWorkFactory, market: Market) -> None:
    claim = a_claim(market)
    await keep(begin, claim, seconds=None)

    with pytest.raises(TransactionRaced):
        await keep(begin, claim, seconds=None)


async def test_an_answer_that_is_being_made_is_not_settled_until_it_is_made(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    claim = a_claim(market)
    await keep(begin, claim, seconds=60)
    provisional = await find(begin, claim)
    assert provisional is not None
    assert provisional.settled is False

    assert await settle(begin, claim, FINAL) == FINAL

    assert await find(begin, claim) == KeptAnswer(claim.fingerprint, replace(FINAL, replayed=True), settled=True)


async def test_an_answer_is_replaced_once(begin: UnitOfWorkFactory, market: Market) -> None:
    claim = a_claim(market)
    await keep(begin, claim, seconds=60)
    await settle(begin, claim, FINAL)

    assert await settle(begin, claim, LATE) == replace(FINAL, replayed=True)


async def test_when_its_time_has_run_out_the_first_answer_stays(begin: UnitOfWorkFactory, market: Market) -> None:
    """Somebody may have got it as the final one."""
    claim = a_claim(market)
    await keep(begin, claim, seconds=0)
    found = await find(begin, claim)
    assert found is not None
    assert found.settled is True

    assert await settle(begin, claim, LATE) == replace(PROVISIONAL, replayed=True)


async def test_whoever_comes_when_time_has_run_out_waits_for_a_settlement_that_came_in_time(
    begin: UnitOfWorkFactory, market: Market, shared_database: TestDatabase
) -> None:
    """Else one would be given the provisional answer, and the next one the final."""
    claim = a_claim(market)
    admin = await asyncpg.connect(shared_database.admin_url)
    async with begin() as first:
        await keep(begin, claim, seconds=0.3)
        assert await first.idempotency.settle(claim, FINAL) == FINAL
        await asyncio.sleep(0.3)
        second = asyncio.create_task(find(begin, claim))
        await until_somebody_waits(admin)
        await first.commit()
    await admin.close()

    assert await second == KeptAnswer(claim.fingerprint, replace(FINAL, replayed=True), settled=True)


async def test_another_tenants_key_is_another_one(begin: UnitOfWorkFactory, market: Market, neighbours: Market) -> None:
    claim = a_claim(market)
    await keep(begin, claim, seconds=None)

    assert await find(begin, replace(claim, tenant_id=neighbours.tenant_id)) is None
    assert await find(begin, replace(claim, item=0)) is None
