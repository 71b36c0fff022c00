"""What `ports.ledger` promises: money moves with the rows beside it, or not at all."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from concurrency.market import TRACE, Market, code_of
from concurrency.observing import until_somebody_waits
from conftest import TestDatabase
from contract.orders_under_test import an_operation
from core.application.transfers.request import Details
from core.domain.operations import OperationNotFound
from core.domain.transfers import TransferType
from entrypoints.container import Container
from ports.unit_of_work import TransactionRaced, UnitOfWorkFactory


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


async def test_money_moves_together_with_the_row_that_explains_it(begin: UnitOfWorkFactory, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    operation = await an_operation(market)

    async with begin(trace_id=TRACE) as work:
        await work.operations.add(operation)
        [answer] = await work.ledger.post([market.transfer(alice, bob, 30)])
        await work.commit()

    assert code_of(answer) == "posted"
    assert (await market.available(alice), await market.available(bob)) == (70, 30)
    async with begin() as work:
        assert await work.operations.get(market.tenant_id, operation.id) == operation


@pytest.mark.parametrize("trace_id", [None, TRACE])
async def test_posting_as_the_very_first_thing_and_not_committing_leaves_nothing(
    begin: UnitOfWorkFactory, market: Market, shared_database: TestDatabase, trace_id: str | None
) -> None:
    """SQLAlchemy begins with a statement of its own; before that the driver would commit each of ours by itself."""
    alice, bob = await market.wallet(100), await market.wallet()
    asked = market.transfer(alice, bob, 30, key="the very first")

    async with begin(trace_id=trace_id) as work:
        [answer] = await work.ledger.post([asked])

    assert code_of(answer) == "posted"
    assert (await market.available(alice), await market.available(bob)) == (100, 0)
    admin = await asyncpg.connect(shared_database.admin_url)
    for table in ("transfers", "idempotency_keys", "outbox"):
        kept = f"SELECT count(*) FROM {table} WHERE tenant_id = $1 AND trace_id = $2"  # our own names
        kept += "" if table != "idempotency_keys" else " AND key = 'the very first'"
        before = 1 if table != "idempotency_keys" else 0  # Alice's top-up
        assert await admin.fetchval(kept, market.tenant_id, TRACE) == before, table
    await admin.close()


async def test_a_posting_after_which_something_fails_leaves_nothing(begin: UnitOfWorkFactory, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    operation = await an_operation(market)

    async def post_and_fail() -> None:
        async with begin() as work:
            await work.operations.add(operation)
            await work.ledger.post([market.transfer(alice, bob, 30)])
            raise LookupError

    with pytest.raises(LookupError):
        await post_and_fail()

    assert await market.available(alice) == 100
    async with begin() as work:
        with pytest.raises(OperationNotFound):
            await work.operations.get(market.tenant_id, operation.id)


async def test_what_the_book_refuses_is_an_answer_and_is_kept_with_its_key(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    asked = market.transfer(alice, bob, 30, key="refused")
    async with begin() as work:
        [refused] = await work.ledger.post([asked])
        await work.commit()

    async with begin() as work:
        [again] = await work.ledger.post([asked])

    assert (code_of(refused), refused.replayed) == ("insufficient_funds", False)
    assert (again.body, again.replayed) == (refused.body, True)


async def test_a_key_taken_meanwhile_is_a_race_to_begin_again(
    begin: UnitOfWorkFactory, market: Market, shared_database: TestDatabase
) -> None:
    """Over accounts of their own the two meet nowhere but at the key."""
    [alice, bob, carol, dave] = [await market.wallet(100) for _ in range(4)]

    async def second() -> None:
        async with begin() as work:
            await work.ledger.post([market.transfer(carol, dave, key="the same")])
            await work.commit()

    async with begin() as first:
        await first.ledger.post([market.transfer(alice, bob, key="the same")])
        waiting = asyncio.create_task(second())
        admin = await asyncpg.connect(shared_database.admin_url)
        await until_somebody_waits(admin)
        await first.commit()
    with pytest.raises(TransactionRaced):
        await waiting
    await admin.close()

    assert (await market.available(bob), await market.available(dave)) == (101, 100)


async def test_a_reference_taken_before_is_refused(begin: UnitOfWorkFactory, market: Market) -> None:
    alice, bob, named = await market.wallet(100), await market.wallet(), Details(reference="once")
    async with begin() as work:
        await work.ledger.post([market.transfer(alice, bob, details=named)])
        await work.commit()

    async with begin() as work:
        [answer] = await work.ledger.post([market.transfer(alice, bob, details=named)])

    assert code_of(answer) == "reference_already_used"


async def test_a_lock_that_is_not_had_in_time_is_a_race(
    begin: UnitOfWorkFactory, market: Market, shared_database: TestDatabase
) -> None:
    alice = await market.wallet(100)
    admin = await asyncpg.connect(shared_database.admin_url)
    transaction = admin.transaction()
    await transaction.start()
    await admin.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", alice)

    async def post() -> None:
        async with begin() as work:
            await work.ledger.post([market.move(TransferType.TOPUP, alice)])

    with pytest.raises(TransactionRaced):
        await post()
    await transaction.rollback()
    await admin.close()
