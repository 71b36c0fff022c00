"""Group commit: deadlocks, serialization failures and bad instructions stay between the lane and the database."""

import asyncio
from collections.abc import Callable, Sequence

import asyncpg
import pytest

from adapters.postgres.batch_writer import BatchRaced
from adapters.postgres.connection import Connection
from adapters.postgres.group_commit import GroupCommitLimits
from adapters.postgres.ledger import Ledger
from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, in_one_batch, tell
from concurrency.observing import DeadlockFinder, WatchedLedger, until_blocked
from conftest import TestDatabase
from core.application.transfers.request import Details
from core.domain.errors import Unavailable
from core.domain.idempotency import Answer
from core.domain.instructions import Outcome, PostingRequest
from ports.id_generator import IdGenerator

HOLD_ACCOUNT = "SELECT FROM accounts WHERE id = $1 FOR UPDATE"
FAST = GroupCommitLimits(backoff_seconds=(0.001, 0.002))


class UnluckyLedger(Ledger):
    """Writes the batch, then fails as the database would, the first *times* it is asked."""

    def __init__(self, ids: IdGenerator, error: Callable[[], Exception], *, times: int) -> None:
        super().__init__(ids)
        self._error = error
        self.failures_left = times

    async def post(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Answer]:
        answers = await super().post(connection, requests)
        if self.failures_left:
            self.failures_left -= 1
            raise self._error()
        return answers


CONFLICTS: dict[str, Callable[[], Exception]] = {
    "a deadlock": lambda: asyncpg.DeadlockDetectedError("deadlock detected"),
    "a serialization failure": lambda: asyncpg.SerializationError("could not serialize"),
    "a race": BatchRaced,
}


@pytest.mark.parametrize("conflict", CONFLICTS.values(), ids=CONFLICTS)
async def test_four_conflicts_in_a_row_reach_no_caller(
    market: Market, make_lane: MakeLane, conflict: Callable[[], Exception]
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(ledger=UnluckyLedger(market.container.ids(), conflict, times=4), limits=FAST)

    answers = await in_one_batch(lane, [market.transfer(alice, bob) for _ in range(3)])

    assert [(code_of(answer), answer.replayed) for answer in answers] == [("posted", False)] * 3
    assert lane.figures().retries == 4
    assert await market.available(bob) == 3


@pytest.mark.parametrize("conflict", CONFLICTS.values(), ids=CONFLICTS)
async def test_after_five_conflicts_the_caller_may_try_again(
    market: Market, make_lane: MakeLane, conflict: Callable[[], Exception]
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    ledger = UnluckyLedger(market.container.ids(), conflict, times=5)
    lane = make_lane(ledger=ledger, limits=FAST)
    await lane.start()

    with pytest.raises(Unavailable):
        await lane.post(market.transfer(alice, bob, key="k"))
    assert ledger.failures_left == 0
    assert await market.available(bob) == 0

    assert code_of(await lane.post(market.transfer(alice, bob, key="k"))) == "posted"


async def test_a_real_deadlock_is_the_lanes_to_solve(
    market: Market,
    make_lane: MakeLane,
    *,
    raced_database: TestDatabase,
    foreigner: asyncpg.Connection,
    second_foreigner: asyncpg.Connection,
    observer: asyncpg.Connection,
) -> None:
    """
    By hand, in the opposite order: the stranger holds *last* and wants *first*, which the lane holds while it waits
    for *middle*; when the lane gets that one and wants *last*, the circle closes, and the server chooses the lane.
    """
    first, middle, last = sorted([await market.wallet(10) for _ in range(3)])
    finder, ledger = DeadlockFinder(raced_database.admin_url), WatchedLedger(market.container.ids())
    lane = make_lane(connect=finder.connect, ledger=ledger)
    await lane.start()
    await lane.post(market.transfer(first, last))
    stranger, blocker = foreigner.transaction(), second_foreigner.transaction()
    await stranger.start()
    await blocker.start()
    await foreigner.execute("SET LOCAL deadlock_timeout = '10s'")
    await foreigner.execute(HOLD_ACCOUNT, last)
    await second_foreigner.execute(HOLD_ACCOUNT, middle)

    posting = asyncio.create_task(lane.post_all([market.transfer(first, middle), market.transfer(middle, last)]))
    await until_blocked(observer, finder.pids[0])
    wanted = asyncio.create_task(foreigner.execute(HOLD_ACCOUNT, first))
    await until_blocked(observer, foreigner.get_server_pid())
    await blocker.rollback()
    await wanted
    await stranger.rollback()

    assert [code_of(answer) for answer in await posting] == ["posted", "posted"]
    assert len(ledger.deadlocks) == 1


def a_render_that_raises(outcome: Outcome) -> Answer:
    raise ValueError("a bug in an entry point")


def a_status_the_database_cannot_keep(outcome: Outcome) -> Answer:
    return Answer(100_000, b"")


POISON = {
    "a render that raises": {"render": a_render_that_raises},
    "a status too large for its column": {"render": a_status_the_database_cannot_keep},
    "a NUL that PostgreSQL does not take": {"details": Details(description="nothing \x00 here")},
    "metadata that is no JSON": {"details": Details(metadata="{")},
    "a text that is no Unicode": {"details": Details(description="\ud800")},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_one_bad_instruction_fails_alone(market: Market, make_lane: MakeLane, poison: dict[str, object]) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    lane = make_lane()
    good = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(5)]
    bad = asyncio.create_task(lane.post(market.transfer(alice, bob, key="bad", **poison)))  # type: ignore[arg-type]  # any
    good += [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(5)]
    await asyncio.sleep(0)
    async with asyncio.timeout(3):
        await lane.start()

        assert {code_of(answer) for answer in await asyncio.gather(*good)} == {"posted"}
        with pytest.raises(Exception) as failure:  # noqa: PT011 - each poison has its own
            await bad

    assert not isinstance(failure.value, Unavailable), "a bug is told as a bug, not as something to repeat"
    assert await market.available(bob) == 10
    assert code_of(await lane.post(market.transfer(alice, bob, key="bad", render=tell))) == "posted"
