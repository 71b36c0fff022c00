"""Group commit: a row that somebody else holds stops those who want it, and nobody else."""

import asyncio
import time

import asyncpg
import pytest

from adapters.postgres.group_commit import GroupCommitLimits
from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, posted_id
from core.domain.accounts import Purpose
from core.domain.identifiers import HoldId
from ports.posting import PostingTooLate

HOLD_ACCOUNT = "SELECT FROM accounts WHERE id = $1 FOR UPDATE"


async def test_those_who_want_nothing_of_it_go_on_and_those_who_wait_post_after_its_release(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    carol, dave = await market.wallet(100), await market.wallet()
    lane = make_lane()
    await lane.start()
    await lane.post(market.transfer(carol, dave))

    async with foreigner.transaction():
        await foreigner.execute(HOLD_ACCOUNT, alice)
        stuck = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(2)]
        for longest_seconds in (0.8, 0.4, 0.4):  # the first finds out, by a lock's timeout of 250 ms
            began = time.monotonic()
            others = await asyncio.gather(*(lane.post(market.transfer(carol, dave)) for _ in range(20)))
            assert time.monotonic() - began < longest_seconds
            assert {code_of(answer) for answer in others} == {"posted"}
        assert not any(task.done() for task in stuck)

    async with asyncio.timeout(1):
        assert [code_of(answer) for answer in await asyncio.gather(*stuck)] == ["posted", "posted"]


async def test_whoever_waits_too_long_is_told_and_nothing_happened(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(limits=GroupCommitLimits(max_age_seconds=0.4))
    await lane.start()

    async with foreigner.transaction():
        await foreigner.execute(HOLD_ACCOUNT, alice)
        with pytest.raises(PostingTooLate):
            await lane.post(market.transfer(alice, bob))

    assert await market.available(alice) == 10
    assert code_of(await lane.post(market.transfer(alice, bob))) == "posted"


async def test_a_crowd_that_waits_for_one_account_does_not_stand_before_the_others(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    """More wait for it than fit into a batch."""
    alice, bob = await market.wallet(10), await market.wallet()
    carol, dave = await market.wallet(10), await market.wallet()
    lane = make_lane(limits=GroupCommitLimits(batch_weight=4))  # two transfers of two entries each

    async with foreigner.transaction():
        await foreigner.execute(HOLD_ACCOUNT, alice)
        crowd = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(8)]
        await asyncio.sleep(0)
        await lane.start()
        async with asyncio.timeout(1.5):
            others = await asyncio.gather(*(lane.post(market.transfer(carol, dave)) for _ in range(4)))
        assert {code_of(answer) for answer in others} == {"posted"}
        assert not any(task.done() for task in crowd)

    assert {code_of(answer) for answer in await asyncio.gather(*crowd)} == {"posted"}


async def test_two_accounts_held_by_two_strangers_are_waited_for_apart(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection, second_foreigner: asyncpg.Connection
) -> None:
    alice, bob, carol = await market.wallet(10), await market.wallet(10), await market.wallet()
    lane = make_lane()
    await lane.start()

    async with foreigner.transaction():
        await foreigner.execute(HOLD_ACCOUNT, alice)
        async with second_foreigner.transaction():
            await second_foreigner.execute(HOLD_ACCOUNT, bob)
            alices = asyncio.create_task(lane.post(market.transfer(alice, carol)))
            bobs = asyncio.create_task(lane.post(market.transfer(bob, carol)))
            await asyncio.sleep(0.5)
            assert not alices.done()
            assert not bobs.done()
        async with asyncio.timeout(1):
            assert code_of(await bobs) == "posted"
        assert not alices.done()

    assert code_of(await alices) == "posted"


async def test_a_hold_that_somebody_keeps_locked_stops_its_capture_and_nobody_else(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    wallet, carol, dave = await market.wallet(10), await market.wallet(100), await market.wallet()
    await market.open_reserve(wallet)
    await market.open_system(Purpose.REVENUE)
    lane = make_lane()
    await lane.start()
    hold_id = HoldId(posted_id(await lane.post(market.hold(wallet, 5))))
    hold = await market.container.hold_reader().get(market.tenant_id, hold_id)

    async with foreigner.transaction():
        await foreigner.execute("SELECT FROM holds WHERE id = $1 FOR UPDATE", hold_id)
        capture = asyncio.create_task(lane.post(market.capture(hold)))
        for longest_seconds in (0.8, 0.4):
            began = time.monotonic()
            others = await asyncio.gather(*(lane.post(market.transfer(carol, dave)) for _ in range(20)))
            assert time.monotonic() - began < longest_seconds
            assert {code_of(answer) for answer in others} == {"posted"}
        assert not capture.done()

    async with asyncio.timeout(1):
        assert code_of(await capture) == "posted"


async def test_a_table_locked_by_a_migration_is_waited_for(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    """Longer than a lock's timeout, shorter than anybody's patience; and the lane lives on."""
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    await lane.start()

    async with foreigner.transaction():
        await foreigner.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        waiting = [asyncio.create_task(lane.post(market.transfer(alice, bob))) for _ in range(3)]
        await asyncio.sleep(0.6)
        assert not any(task.done() for task in waiting)

    async with asyncio.timeout(2):
        assert {code_of(answer) for answer in await asyncio.gather(*waiting)} == {"posted"}
        assert code_of(await lane.post(market.transfer(alice, bob))) == "posted"


async def test_a_zombie_that_holds_the_only_key_is_waited_for(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    """A transaction of nobody knows whom has taken the key and no account; then it is gone."""
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    await lane.start()
    transaction = foreigner.transaction()
    await transaction.start()
    await foreigner.execute(
        "INSERT INTO idempotency_keys (tenant_id, key, item, fingerprint, status, body, trace_id, created_at)"
        " VALUES ($1, 'k', -1, '', 201, '', '', now())",
        market.tenant_id,
    )

    posting = asyncio.create_task(lane.post(market.transfer(alice, bob, key="k")))
    await asyncio.sleep(0.4)
    assert not posting.done()
    await transaction.rollback()

    async with asyncio.timeout(2):
        answer = await posting
    assert (code_of(answer), answer.replayed) == ("posted", False)
