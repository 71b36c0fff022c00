"""Operations run by several at once, by some that sleep too long, and over connections that break."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from concurrency.market import TRACE, Market
from concurrency.observing import until_somebody_waits
from concurrency.runners import Pause, Runners, open_runners
from concurrency.tcp_proxy import Cut, TcpProxy
from conftest import TestDatabase
from core.application.operations.resolve_operation import ResolveOperation
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import ApiKeyId
from core.domain.operations import OperationState
from core.domain.orders import OrderStatus
from core.domain.outcomes import Outcome
from ports.fulfilment import FulfilmentRequest


@pytest.fixture
async def runners(raced_database: TestDatabase, market: Market) -> AsyncIterator[Runners]:
    """On a good connection."""
    async with open_runners(raced_database, market) as opened:
        yield opened


@pytest.fixture
async def shaky_runners(raced_database: TestDatabase, market: Market, proxy: TcpProxy) -> AsyncIterator[Runners]:
    """On one that can break."""
    async with open_runners(raced_database, market, database_url=proxy.url) as opened:
        yield opened


def stopped_before_sending(runners: Runners, pause: Pause) -> None:
    """The next runner stops right before it looks at the clock and sends."""

    async def submit(request: FulfilmentRequest, deadline_at: float) -> Outcome:
        await pause.wait()
        return await runners.fulfilment.do(request, deadline_at)

    runners.fulfilment.next_submits.append(submit)


def stopped_after_sending(runners: Runners, pause: Pause) -> None:
    """The next runner stops with the answer in its hands."""

    async def submit(request: FulfilmentRequest, deadline_at: float) -> Outcome:
        outcome = await runners.fulfilment.do(request, deadline_at)
        await pause.wait()
        return outcome

    runners.fulfilment.next_submits.append(submit)


async def test_three_runners_at_once_make_one_call(
    runners: Runners, foreigner: asyncpg.Connection, observer: asyncpg.Connection
) -> None:
    placed = await runners.place_unknown(done=False)
    await runners.lease_ends()
    async with foreigner.transaction():
        await foreigner.execute("SELECT FROM operations WHERE id = $1 FOR UPDATE", placed.operation_id)
        running = [asyncio.create_task(runners.run(placed)) for _ in range(3)]
        await until_somebody_waits(observer, count=3)

    seen = await asyncio.gather(*running)

    assert sorted(operation is not None for operation in seen) == [False, False, True]
    assert list(runners.fulfilment.asked.values()) == [1]
    operation, attempts = await runners.history(placed)
    assert (operation.state, operation.attempt) == (OperationState.SUCCEEDED, 2)
    assert [attempt.attempt for attempt in attempts] == [1, 2]
    assert (await runners.order(placed.id)).status is OrderStatus.COMPLETED


async def test_while_one_is_at_it_nobody_else_begins(runners: Runners) -> None:
    placed, pause = await runners.place_unknown(done=False), Pause()
    await runners.lease_ends()
    stopped_after_sending(runners, pause)
    first = asyncio.create_task(runners.run(placed))
    await pause.is_reached()

    assert await runners.run(placed) is None

    pause.go_on.set()
    finished = await first
    assert finished is not None
    assert finished.state is OperationState.SUCCEEDED


async def test_a_runner_that_slept_past_its_lease_sends_nothing_and_overwrites_nothing(runners: Runners) -> None:
    placed, pause = await runners.place_unknown(done=False), Pause()
    await runners.lease_ends()
    stopped_before_sending(runners, pause)
    sleeper = asyncio.create_task(runners.run(placed))
    await pause.is_reached()
    await runners.lease_ends()

    awake = await runners.run(placed)
    runners.clock.slept_seconds = 60
    pause.go_on.set()
    late = await sleeper

    assert awake is not None
    assert awake == late  # what it is told is what the other one has found
    assert list(runners.fulfilment.asked.values()) == [1]
    operation, attempts = await runners.history(placed)
    assert (operation.state, operation.attempt, operation.last_error) == (OperationState.SUCCEEDED, 3, None)
    assert [(attempt.attempt, attempt.outcome) for attempt in attempts] == [(1, "unknown"), (3, "succeeded")]


async def test_a_success_that_comes_too_late_is_kept_and_decides_nothing(runners: Runners) -> None:
    placed, pause = await runners.place_unknown(done=False), Pause()
    await runners.lease_ends()
    stopped_after_sending(runners, pause)
    runners.fulfilment.next_submits.append(runners.fulfilment.lose_the_request)
    sleeper = asyncio.create_task(runners.run(placed))
    await pause.is_reached()
    await runners.lease_ends()
    await runners.run(placed)

    pause.go_on.set()
    await sleeper

    operation, attempts = await runners.history(placed)
    assert operation.state is OperationState.UNKNOWN
    assert (await runners.order(placed.id)).status is OrderStatus.FULFILLING
    assert [(attempt.attempt, attempt.outcome, attempt.counted) for attempt in attempts] == [
        (1, "unknown", True),
        (2, "succeeded", False),
        (3, "unknown", True),
    ]
    await runners.lease_ends()
    await runners.run(placed)
    assert (await runners.order(placed.id)).status is OrderStatus.COMPLETED
    assert list(runners.fulfilment.asked.values()) == [1]


async def test_a_runner_that_died_in_the_middle_is_found_out_about(runners: Runners) -> None:
    placed, pause = await runners.place_unknown(done=False), Pause()
    await runners.lease_ends()
    stopped_after_sending(runners, pause)
    doomed = asyncio.create_task(runners.run(placed))
    await pause.is_reached()
    doomed.cancel()
    assert await runners.run(placed) is None

    await runners.lease_ends()
    await runners.run(placed)

    assert (await runners.order(placed.id)).status is OrderStatus.COMPLETED
    assert len(runners.fulfilment.done) == 1


async def test_a_person_who_decides_while_somebody_looks_decides(runners: Runners, market: Market) -> None:
    placed, pause = await runners.place_unknown(done=True), Pause()
    for _ in range(2):
        runners.fulfilment.next_submits.append(runners.fulfilment.lose_the_request)
        await runners.lease_ends()
        await runners.run(placed)
    await runners.lease_ends()
    runners.fulfilment.before_looking = pause.wait
    looking = asyncio.create_task(runners.run(placed))
    await pause.is_reached()

    answer = await runners.container.resolve_operation()(
        ResolveOperation(
            tenant_id=market.tenant_id,
            operation_id=placed.operation_id,
            has_succeeded=False,
            provider_ref=None,
            reason="lost in the post",
            resolved_by=ApiKeyId("operator"),
            claim=IdempotencyClaim(market.tenant_id, "resolve", bytes(32)),
            trace_id=TRACE,
            render=lambda operation: Answer(200, operation.state.encode()),
        )
    )
    pause.go_on.set()
    await looking

    assert answer.body == b"declined"
    operation, attempts = await runners.history(placed)
    assert operation.state is OperationState.DECLINED
    assert [(each.attempt, each.step, each.outcome, each.counted) for each in attempts[3:]] == [
        (4, "look_up", "succeeded", False),
        (5, "operator", "declined", True),
    ]
    assert await market.available(placed.wallet_id) == 100


@pytest.mark.parametrize("how", [Cut.BEFORE_REPLY, Cut.BEFORE_FORWARDING])
async def test_an_outcome_whose_commit_was_cut_off_is_recorded_once(
    shaky_runners: Runners, proxy: TcpProxy, market: Market, how: Cut
) -> None:
    placed = await shaky_runners.place_unknown(done=False)
    await shaky_runners.lease_ends()

    async def submit(request: FulfilmentRequest, deadline_at: float) -> Outcome:
        proxy.cut_next_commit(how)
        return await shaky_runners.fulfilment.do(request, deadline_at)

    shaky_runners.fulfilment.next_submits.append(submit)

    finished = await shaky_runners.run(placed)

    assert proxy.commits_cut == 1
    assert finished is not None
    assert finished.state is OperationState.SUCCEEDED
    operation, attempts = await shaky_runners.history(placed)
    assert operation == finished
    assert [(attempt.attempt, attempt.outcome) for attempt in attempts] == [(1, "unknown"), (2, "succeeded")]
    assert (await shaky_runners.order(placed.id)).status is OrderStatus.COMPLETED
    assert await market.available(placed.wallet_id) == 90


async def test_orders_that_end_at_once_meet_at_one_account_and_all_end(runners: Runners, market: Market) -> None:
    placed = [await runners.place_unknown(done=False) for _ in range(8)]
    await runners.lease_ends()

    await asyncio.gather(*(runners.run(order) for order in placed for _ in range(2)))

    ended = [await runners.order(order.id) for order in placed]
    assert {order.status for order in ended} == {OrderStatus.COMPLETED}
    assert [await market.available(order.wallet_id) for order in ended] == [90] * 8
