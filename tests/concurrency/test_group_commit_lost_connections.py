"""Group commit: a connection that breaks, whenever it does, never means twice, never means lost, never means a lie."""

import asyncio

import asyncpg
import pytest

from adapters.postgres.group_commit import GroupCommit, GroupCommitLimits
from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, posted_id
from concurrency.observing import until_blocked
from concurrency.tcp_proxy import Cut, TcpProxy
from core.domain.accounts import Purpose
from core.domain.transfers import TransferType
from ports.posting import PostingTooLate, PostingUnconfirmed

LANES = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bursar posting'"


async def transfers_of(market: Market, foreigner: asyncpg.Connection) -> int:
    """How many transfers between wallets there are, whatever anybody was told."""
    return await foreigner.fetchval(
        "SELECT count(*) FROM transfers WHERE tenant_id = $1 AND type = 'transfer'", market.tenant_id
    )


async def lane_pid(lane: GroupCommit, market: Market, foreigner: asyncpg.Connection) -> int:
    """The server process behind a lane that has just posted."""
    others = {row["pid"] for row in await foreigner.fetch(LANES)}
    wallet = await market.wallet()
    await market.open_system(Purpose.TREASURY)
    await lane.post(market.move(TransferType.TOPUP, wallet))
    (pid,) = {row["pid"] for row in await foreigner.fetch(LANES)} - others
    return pid


@pytest.mark.parametrize("how", [Cut.BEFORE_FORWARDING, Cut.BEFORE_REPLY])
async def test_a_connection_cut_during_commit_is_one_effect_and_the_caller_hears_of_success(
    market: Market, make_lane: MakeLane, proxy: TcpProxy, foreigner: asyncpg.Connection, how: Cut
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    request = market.transfer(alice, bob)

    proxy.cut_next_commit(how)
    answer = await lane.post(request)

    assert proxy.commits_cut == 1
    assert (code_of(answer), posted_id(answer)) == ("posted", request.instruction.drafts[0].id)
    assert answer.replayed is (how is Cut.BEFORE_REPLY)
    assert await transfers_of(market, foreigner) == 1
    assert await market.available(alice) == 9


@pytest.mark.parametrize("how", [Cut.BEFORE_FORWARDING, Cut.BEFORE_REPLY])
async def test_a_whole_batch_survives_a_cut_with_refusals_and_holds_in_it(
    market: Market, make_lane: MakeLane, proxy: TcpProxy, foreigner: asyncpg.Connection, how: Cut
) -> None:
    alice, bob, poor = await market.wallet(100), await market.wallet(), await market.wallet()
    await market.open_reserve(alice)
    lane = make_lane(url=proxy.url)
    await lane.start()

    proxy.cut_next_commit(how)
    answers = await lane.post_all(
        [*(market.transfer(alice, bob) for _ in range(5)), market.transfer(poor, bob), market.hold(alice, 20)]
    )

    assert proxy.commits_cut == 1
    assert [code_of(answer) for answer in answers] == ["posted"] * 5 + ["insufficient_funds", "posted"]
    assert await transfers_of(market, foreigner) == 5
    assert await market.available(alice) == 75


async def test_a_zombie_that_still_holds_its_locks_is_outwaited(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    """The network is gone, the server has not noticed, and its transaction lives on for a while."""
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()

    proxy.cut_next_commit(Cut.LEAVING_A_ZOMBIE)
    posting = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await asyncio.sleep(0.4)
    assert not posting.done()
    proxy.bury()

    async with asyncio.timeout(2):
        assert code_of(await posting) == "posted"
    assert await market.available(alice) == 9


async def test_who_waits_too_long_for_a_zombie_is_not_told_that_nothing_was_begun(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    """Its COMMIT may be on the way: only the key finds out."""
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url, limits=GroupCommitLimits(max_age_seconds=0.3))
    await lane.start()

    proxy.cut_next_commit(Cut.LEAVING_A_ZOMBIE)
    with pytest.raises(PostingUnconfirmed):
        await lane.post(market.transfer(alice, bob, key="k"))
    with pytest.raises(PostingTooLate):
        await lane.post(market.transfer(alice, bob))
    proxy.bury()

    assert code_of(await lane.post(market.transfer(alice, bob, key="k"))) == "posted"
    assert await market.available(alice) == 9


async def test_a_database_that_is_down_for_a_moment_goes_unnoticed(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()
    await lane.post(market.transfer(alice, bob))

    proxy.refuse()
    posting = asyncio.create_task(lane.post(market.transfer(alice, bob)))
    await asyncio.sleep(0.2)
    await proxy.accept()

    assert code_of(await posting) == "posted"
    assert await market.available(alice) == 8


async def test_a_database_that_stays_away_is_unconfirmed_and_the_key_has_one_effect_later(
    market: Market, make_lane: MakeLane, proxy: TcpProxy, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url, limits=GroupCommitLimits(unconfirmed_seconds=0.2))
    await lane.start()
    proxy.refuse()

    with pytest.raises(PostingUnconfirmed):
        await lane.post(market.transfer(alice, bob, key="k"))
    assert await transfers_of(market, foreigner) == 0
    await proxy.accept()
    first = await lane.post(market.transfer(alice, bob, key="k"))
    again = await lane.post(market.transfer(alice, bob, key="k"))

    assert (code_of(first), first.replayed, again.replayed) == ("posted", False, True)
    assert await transfers_of(market, foreigner) == 1


async def test_a_commit_that_happened_before_the_database_went_away_is_found_by_its_key(
    market: Market, make_lane: MakeLane, proxy: TcpProxy, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane(url=proxy.url, limits=GroupCommitLimits(unconfirmed_seconds=0.2))
    await lane.start()
    request = market.transfer(alice, bob, key="k")
    commit = proxy.hold_next_commit()

    posting = asyncio.create_task(lane.post(request))
    await commit.reached()
    proxy.refuse_answers_and_connections()
    commit.release()
    with pytest.raises(PostingUnconfirmed):
        await posting
    assert await transfers_of(market, foreigner) == 1
    await proxy.accept()
    again = await lane.post(market.transfer(alice, bob, key="k"))

    assert (posted_id(again), again.replayed) == (request.instruction.drafts[0].id, True)
    assert await transfers_of(market, foreigner) == 1


async def test_a_killed_backend_at_rest_is_replaced(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    await lane.start()
    pid = await lane_pid(lane, market, foreigner)

    await foreigner.execute("SELECT pg_terminate_backend($1, 5000)", pid)

    assert code_of(await lane.post(market.transfer(alice, bob))) == "posted"


async def test_a_backend_killed_in_the_middle_of_a_batch_is_replaced(
    market: Market, make_lane: MakeLane, foreigner: asyncpg.Connection, observer: asyncpg.Connection
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()
    await lane.start()
    pid = await lane_pid(lane, market, observer)

    async with foreigner.transaction():
        await foreigner.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", alice)
        posting = asyncio.create_task(lane.post(market.transfer(alice, bob)))
        await until_blocked(observer, pid)
        assert await observer.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)

    assert code_of(await posting) == "posted"
    assert await market.available(alice) == 9


async def test_callers_in_the_next_batch_are_served_after_the_one_that_lost_its_connection(
    market: Market, make_lane: MakeLane, proxy: TcpProxy
) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    lane = make_lane(url=proxy.url)
    await lane.start()

    for how in (Cut.BEFORE_FORWARDING, Cut.BEFORE_REPLY) * 3:
        proxy.cut_next_commit(how)
        answers = await asyncio.gather(*(lane.post(market.transfer(alice, bob)) for _ in range(5)))
        assert {code_of(answer) for answer in answers} == {"posted"}

    assert proxy.commits_cut == 6
    assert await market.available(bob) == 30
    assert lane.figures().retries >= 6
