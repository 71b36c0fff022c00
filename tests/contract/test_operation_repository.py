"""What `ports.operation_repository` promises."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from concurrency.market import Market
from contract.orders_under_test import an_operation, kept
from core.domain.operations import ACTIVE_STATES, Operation, OperationNotFound, OperationState
from entrypoints.container import Container
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWorkFactory


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


def saw(operation: Operation, *, attempt: int, counted: bool = True, outcome: str = "unknown") -> RecordedAttempt:
    return RecordedAttempt(
        attempt=attempt,
        step="submit",
        outcome=outcome,
        detail="no answer",
        counted=counted,
        ended_at=operation.created_at + timedelta(seconds=attempt),
    )


async def test_an_operation_is_read_as_it_was_kept(begin: UnitOfWorkFactory, market: Market) -> None:
    operation = await kept(market, await an_operation(market, leased_seconds=5))

    async with begin() as work:
        assert await work.operations.get(market.tenant_id, operation.id) == operation
        assert await work.operations.lock(market.tenant_id, operation.id) == operation


async def test_what_was_saved_is_read_in_the_same_work_and_in_the_next(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    operation = await kept(market, await an_operation(market, leased_seconds=5))
    later = operation.created_at + timedelta(seconds=1)
    moved = operation.move(
        OperationState.UNKNOWN, now=later, unknown_since=later, next_attempt_at=later, last_error="no answer", attempt=2
    )

    async with begin() as work:
        await work.operations.lock(market.tenant_id, operation.id)
        await work.operations.save(moved)
        assert await work.operations.get(market.tenant_id, operation.id) == moved
        await work.commit()
    async with begin() as work:
        assert await work.operations.lock(market.tenant_id, operation.id) == moved


async def test_a_key_is_taken_once(begin: UnitOfWorkFactory, market: Market) -> None:
    first = await kept(market, await an_operation(market))
    twin = await an_operation(market, cause=first.cause)
    assert twin.key == first.key

    async with begin() as work:
        assert await work.operations.add(twin) is False


async def test_a_provider_knows_an_operation_by_its_key(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    operation = await kept(market, await an_operation(market))

    async with begin() as work:
        for find in (work.operations.by_key, work.operations.lock_by_key):
            assert await find(market.tenant_id, operation.key) == operation
            assert await find(market.tenant_id, operation.id) is None
            assert await find(neighbours.tenant_id, operation.key) is None


async def test_a_subject_has_one_active_operation_and_another_after_it_ended(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    first = await kept(market, await an_operation(market, leased_seconds=5))
    second = await an_operation(market, subject=first.subject)

    async with begin() as work:
        assert await work.operations.add(second) is False
        await work.operations.save(first.move(OperationState.DECLINED, now=first.created_at))
        assert await work.operations.add(second) is True
        assert [each.id for each in await work.operations.of_subject(market.tenant_id, first.subject)] == [
            first.id,
            second.id,
        ]
        assert list(await work.operations.of_subject(market.tenant_id, first.id)) == []


async def test_the_history_keeps_what_counted_and_what_came_too_late(begin: UnitOfWorkFactory, market: Market) -> None:
    operation = await kept(market, await an_operation(market, leased_seconds=5))
    told = [
        saw(operation, attempt=1, counted=False, outcome="succeeded"),
        saw(operation, attempt=2),
    ]

    async with begin() as work:
        for attempt in reversed(told):
            await work.operations.record(operation, attempt)
        await work.operations.record(operation, told[1])  # the same again is no second one
        await work.commit()

    async with begin() as work:
        assert list(await work.operations.attempts(market.tenant_id, operation.id)) == told
        assert await work.operations.has_recorded(operation, 2) is True
        assert await work.operations.has_recorded(operation, 1) is False  # it did not count
        assert await work.operations.has_recorded(operation, 3) is False


async def test_operations_are_listed_by_state_oldest_first(begin: UnitOfWorkFactory, market: Market) -> None:
    made = [await kept(market, await an_operation(market, leased_seconds=5)) for _ in range(4)]
    async with begin() as work:
        await work.operations.save(made[1].move(OperationState.DECLINED, now=made[1].created_at))
        await work.operations.save(
            replace(made[2].move(OperationState.UNKNOWN, now=made[2].created_at), unknown_since=made[2].created_at)
        )
        await work.commit()

    async with begin() as work:

        async def page(states: frozenset[OperationState], after: int | None = None, limit: int = 10) -> list[int]:
            behind = None if after is None else made[after].id
            found = await work.operations.page(market.tenant_id, states=states, after=behind, limit=limit)
            return [[each.id for each in made].index(each.id) for each in found]

        assert await page(ACTIVE_STATES) == [0, 2, 3]
        assert await page(ACTIVE_STATES, limit=2) == [0, 2]
        assert await page(ACTIVE_STATES, after=2) == [3]
        assert await page(frozenset({OperationState.UNKNOWN, OperationState.DECLINED})) == [1, 2]
        assert await page(frozenset({OperationState.SUCCEEDED})) == []


async def test_another_tenants_operation_does_not_exist(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    operation = await kept(market, await an_operation(market))

    async with begin() as work:
        for read in (work.operations.get, work.operations.lock):
            with pytest.raises(OperationNotFound):
                await read(neighbours.tenant_id, operation.id)
        assert list(await work.operations.attempts(neighbours.tenant_id, operation.id)) == []
        assert list(await work.operations.of_subject(neighbours.tenant_id, operation.subject)) == []
        assert not await work.operations.page(neighbours.tenant_id, states=ACTIVE_STATES, after=None, limit=10)
