"""Group commit: every caller gets its own answer, after its batch is durable and not before."""

import asyncio

import asyncpg
import pytest

from adapters.postgres.connection import DatabaseAddress, connect_for_posting
from adapters.postgres.group_commit import GroupCommitLimits
from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, in_one_batch, posted_id
from concurrency.tcp_proxy import TcpProxy
from conftest import TestDatabase
from core.domain.accounts import Purpose
from core.domain.transfers import TransferType
from ports.posting import PostingQueueFull, PostingStopping


async def test_an_answer_comes_after_its_commit_and_not_before(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    commit = proxy.hold_next_commit()

    posting = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await commit.reached()
    await asyncio.sleep(0.05)
    assert not posting.done()
    assert await market.available(alice) == 10
    commit.release()

    assert code_of(await posting) == "posted"
    assert await market.available(alice) == 9


async def test_a_commit_waits_for_the_disk(raced_database: TestDatabase) -> None:
    connection = await connect_for_posting(DatabaseAddress(raced_database.login_url))

    settings = [await connection.fetchval(f"SHOW {name}") for name in ("synchronous_commit", "fsync")]

    assert settings == ["on", "on"]
    await connection.close()


async def test_those_who_come_while_a_batch_is_written_form_the_next_one(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    commit = proxy.hold_next_commit()

    first = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await commit.reached()
    later = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(20)]
    await asyncio.sleep(0)
    commit.release()
    await asyncio.gather(first, *later)

    assert lane.figures().batch_sizes == (1, 20)


async def test_answers_are_handed_out_while_the_next_batch_is_written(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    first_commit = proxy.hold_next_commit()
    first = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await first_commit.reached()
    second = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await asyncio.sleep(0)

    second_commit = proxy.hold_next_commit()
    first_commit.release()
    await second_commit.reached()

    async with asyncio.timeout(1):
        assert code_of(await first) == "posted"
    assert not second.done()
    second_commit.release()
    assert code_of(await second) == "posted"


async def test_an_answer_does_not_wait_until_the_next_batch_has_its_locks(
    market: Market, make_lane: MakeLane, proxy: TcpProxy, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    carol, dave = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    commit = proxy.hold_next_commit()
    first = asyncio.create_task(lane.post(market.transfer(carol, dave)))
    await commit.reached()

    async with foreigner.transaction():
        await foreigner.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", alice)
        stuck = asyncio.create_task(lane.post(market.transfer(alice, bob)))
        await asyncio.sleep(0)
        commit.release()
        async with asyncio.timeout(0.2):  # a lock's own timeout is 250 ms
            assert code_of(await first) == "posted"
        assert not stuck.done()

    assert code_of(await stuck) == "posted"


async def test_each_of_many_callers_gets_the_answer_to_its_own_request(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(1000), await market.wallet()
    lane = make_lane()
    await lane.start()
    requests = [market.transfer(alice, bob) for _ in range(200)]

    answers = await asyncio.gather(*(lane.post(request) for request in requests))

    assert [posted_id(answer) for answer in answers] == [request.instruction.drafts[0].id for request in requests]


async def test_a_submission_of_several_is_answered_in_its_order(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(1), await market.wallet()
    lane = make_lane()
    await lane.start()

    answers = await lane.post_all(
        [market.transfer(alice, bob), market.transfer(alice, bob), market.transfer(bob, alice)]
    )

    assert [code_of(answer) for answer in answers] == ["posted", "insufficient_funds", "posted"]


async def test_a_refusal_does_not_harm_its_neighbours(market: Market, make_lane: MakeLane) -> None:
    alice, bob, poor = await market.wallet(2), await market.wallet(), await market.wallet()
    lane = make_lane()
    requests = [market.transfer(alice, bob), market.transfer(poor, bob), market.transfer(alice, bob)]

    answers = await in_one_batch(lane, requests)

    assert [code_of(answer) for answer in answers] == ["posted", "insufficient_funds", "posted"]


async def test_a_batch_serves_several_tenants(market: Market, make_lane: MakeLane) -> None:
    other = await Market.open(market.container, market.posting)
    ours, theirs = await market.wallet(5), await other.wallet(5)
    lane = make_lane()

    answers = await in_one_batch(
        lane,
        [
            market.transfer(ours, await market.wallet(), 2, key="same key"),
            other.transfer(theirs, await other.wallet(), 3, key="same key", says="something else"),
            market.transfer(ours, theirs),
        ],
    )

    assert [code_of(answer) for answer in answers] == ["posted", "posted", "wallet_not_found"]
    assert (await market.available(ours), await other.available(theirs)) == (3, 2)


async def test_a_caller_that_goes_away_does_not_cancel_its_posting(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    posting = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await asyncio.sleep(0)

    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await lane.start()
    await lane.post(market.transfer(alice, bob))

    assert await market.available(bob) == 2


async def test_a_caller_that_goes_away_during_the_commit_changes_nothing_for_anybody(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    commit = proxy.hold_next_commit()
    gone, stays = (asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(2))
    await asyncio.sleep(0)
    await lane.start()

    await commit.reached()
    gone.cancel()
    await asyncio.sleep(0)
    commit.release()

    assert code_of(await stays) == "posted"
    assert gone.cancelled()
    assert await market.available(bob) == 2


async def test_a_full_queue_refuses_and_what_waits_is_still_served(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(limits=GroupCommitLimits(queue_weight=4))  # two transfers of two entries each
    waiting = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(PostingQueueFull):
        await lane.post(market.transfer(alice, bob))
    assert lane.figures().waiting == 2
    await lane.start()

    assert [code_of(answer) for answer in await asyncio.gather(*waiting)] == ["posted"] * 2
    assert code_of(await lane.post(market.transfer(alice, bob))) == "posted"


async def test_stopping_writes_what_waits_and_takes_nothing_new(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    lane = make_lane(limits=GroupCommitLimits(batch_weight=20))
    waiting = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(50)]
    await asyncio.sleep(0)
    await lane.start()

    await lane.stop(grace_seconds=5)

    assert {code_of(answer) for answer in await asyncio.gather(*waiting)} == {"posted"}
    with pytest.raises(PostingStopping):
        await lane.post(market.transfer(alice, bob))
    assert await market.available(bob) == 50


async def test_whoever_still_waits_when_the_grace_is_over_is_told_so(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    """Nobody hangs on a process that has stopped."""
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(limits=GroupCommitLimits(batch_weight=2))
    async with foreigner.transaction():
        await foreigner.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", alice)
        waiting = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(4)]
        await asyncio.sleep(0)
        await lane.start()
        await lane.stop(grace_seconds=0.1)

        async with asyncio.timeout(2):
            ends = await asyncio.gather(*waiting, return_exceptions=True)

    assert all(isinstance(end, Exception) and getattr(end, "retryable", False) for end in ends), ends
    assert isinstance(ends[-1], PostingStopping)
    assert await market.available(bob) == 0


async def test_figures_tell_of_batches_waits_and_hot_accounts(market: Market, make_lane: MakeLane) -> None:
    alice, bob, carol = await market.wallet(100), await market.wallet(), await market.wallet()
    lane = make_lane()
    requests = [*(market.transfer(alice, bob) for _ in range(3)), market.transfer(alice, carol)]

    await in_one_batch(lane, requests)
    await lane.post(market.transfer(alice, carol))

    figures = lane.figures()
    assert (figures.batches, figures.instructions, figures.batch_sizes) == (2, 5, (4, 1))
    assert len(figures.waits_seconds) == 5
    assert all(0 < wait < 5 for wait in figures.waits_seconds)
    assert figures.hot_accounts == ((alice, 4), (bob, 3))
    assert (figures.retries, figures.waiting) == (0, 0)


async def test_waiting_is_counted_in_instructions(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    requests = [market.transfer(alice, bob) for _ in range(3)]
    caller = asyncio.create_task(lane.post_all(requests))
    await asyncio.sleep(0)

    assert lane.figures().waiting == 3
    await lane.start()
    assert len(await caller) == 3
    assert lane.figures().waiting == 0


async def test_every_kind_of_movement_posts(market: Market, make_lane: MakeLane) -> None:
    wallet = await market.wallet(10)
    for purpose in (Purpose.PROMOTIONS, Purpose.REVENUE):
        await market.open_system(purpose)
    lane = make_lane()
    kinds = [TransferType.TOPUP, TransferType.BONUS, TransferType.CREDIT, TransferType.SPEND, TransferType.DEBIT]

    answers = await in_one_batch(lane, [market.move(kind, wallet, 5) for kind in kinds])

    assert [code_of(answer) for answer in answers] == ["posted"] * 5
    assert await market.available(wallet) == 15
