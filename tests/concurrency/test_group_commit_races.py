"""Group commit: several processes on one database race, and money is neither made nor lost."""

import asyncio
from datetime import timedelta
from itertools import cycle
from random import Random

import asyncpg

from adapters.postgres.group_commit import GroupCommit, GroupCommitLimits
from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, posted_id
from concurrency.observing import DeadlockFinder, WatchedLedger, jam
from conftest import TestDatabase
from core.application.wallets.change_wallet import ChangeWallet
from core.domain.accounts import AccountStatus, Purpose
from core.domain.holds import Hold
from core.domain.identifiers import HoldId
from core.domain.transfers import TransferType


async def two_started(make_lane: MakeLane, limits: GroupCommitLimits | None = None) -> list[GroupCommit]:
    """Two group commits, as in two processes."""
    lanes = [make_lane(limits=limits), make_lane(limits=limits)]
    for lane in lanes:
        await lane.start()
    return lanes


async def held(market: Market, lane: GroupCommit, amount: int, *, lifetime: timedelta = timedelta(days=1)) -> Hold:
    """A hold on a wallet of its own."""
    wallet = await market.wallet(amount)
    await market.open_reserve(wallet)
    placed = await lane.post(market.hold(wallet, amount, lifetime=lifetime))
    return await market.container.hold_reader().get(market.tenant_id, HoldId(posted_id(placed)))


async def test_64_spenders_of_one_balance_spend_exactly_what_it_holds(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(40), await market.wallet()
    lanes = await two_started(make_lane)

    answers = await asyncio.gather(*(lanes[n % 2].post(market.transfer(alice, bob)) for n in range(64)))

    codes = [code_of(answer) for answer in answers]
    assert (codes.count("posted"), codes.count("insufficient_funds")) == (40, 24)
    assert (await market.available(alice), await market.available(bob)) == (0, 40)


async def test_spends_and_holds_of_one_balance_do_not_overdraw_it(market: Market, make_lane: MakeLane) -> None:
    """A hold is money moved away: there is no second sum to forget (safety, L3)."""
    alice = await market.wallet(50)
    await market.open_reserve(alice)
    await market.open_system(Purpose.REVENUE)
    lanes = await two_started(make_lane)
    requests = [market.hold(alice, 3) if n % 2 else market.move(TransferType.SPEND, alice, 2) for n in range(40)]

    answers = await asyncio.gather(*(lane.post(one) for lane, one in zip(cycle(lanes), requests, strict=False)))

    spent = sum(2 for n, answer in enumerate(answers) if not n % 2 and answer.status == 201)
    set_aside = sum(3 for n, answer in enumerate(answers) if n % 2 and answer.status == 201)
    assert await market.available(alice) == 50 - spent - set_aside < 3
    assert {code_of(answer) for answer in answers} == {"posted", "insufficient_funds"}


async def test_after_a_freeze_nothing_leaves_the_wallet(market: Market, make_lane: MakeLane) -> None:
    lanes = await two_started(make_lane)
    change = market.container.change_wallet()
    for _ in range(5):
        alice, bob = await market.wallet(1000), await market.wallet()
        spending = [asyncio.create_task(lanes[n % 2].post(market.transfer(alice, bob))) for n in range(40)]
        await asyncio.sleep(0.002)

        await change(ChangeWallet(tenant_id=market.tenant_id, wallet_id=alice, status=AccountStatus.FROZEN))
        left_at_freeze = await market.available(alice)
        late = await asyncio.gather(*(lane.post(market.transfer(alice, bob)) for lane in lanes))
        codes = [code_of(answer) for answer in await asyncio.gather(*spending)]

        assert {code_of(answer) for answer in late} == {"wallet_frozen"}
        assert set(codes) <= {"posted", "wallet_frozen"}
        assert await market.available(alice) == left_at_freeze == 1000 - codes.count("posted")


async def test_capture_and_release_of_one_hold_at_once_have_one_winner(market: Market, make_lane: MakeLane) -> None:
    lanes = await two_started(make_lane)
    await market.open_system(Purpose.REVENUE)
    holds = [await held(market, lanes[0], 10) for _ in range(10)]

    for hold in holds:
        answers = await asyncio.gather(lanes[0].post(market.capture(hold)), lanes[1].post(market.release(hold)))

        assert sorted(code_of(answer) for answer in answers) == ["hold_not_pending", "posted"]
        assert await market.available(hold.wallet_id) == (0 if answers[0].status == 201 else 10)


async def test_capture_and_expiry_of_one_hold_at_once_have_one_winner(market: Market, make_lane: MakeLane) -> None:
    """From long before its time runs out to just after; whoever locks the hold first wins (safety, L36)."""
    lanes = await two_started(make_lane)
    await market.open_system(Purpose.REVENUE)
    lifetimes = [timedelta(seconds=0.8 + n * 0.01) for n in range(16)]
    holds = await asyncio.gather(*(held(market, lanes[0], 10, lifetime=lifetime) for lifetime in lifetimes))

    async def race(n: int, hold: Hold) -> str:
        early = timedelta(seconds=0.5) if n == 0 else timedelta(milliseconds=10 - n)
        await asyncio.sleep((hold.expires_at - early - market.container.clock().now()).total_seconds())
        captured, expired = await asyncio.gather(
            lanes[n % 2].post(market.capture(hold)), lanes[1 - n % 2].post(market.expire(hold))
        )
        if {code_of(captured), code_of(expired)} == {"hold_expired", "hold_not_due"}:
            expired = await lanes[0].post(market.expire(hold))  # each came on the wrong side of the moment
        assert (captured.status == 201) != (expired.status == 201), (captured, expired)
        assert await market.available(hold.wallet_id) == (0 if captured.status == 201 else 10)
        return "capture" if captured.status == 201 else "expiry"

    winners = await asyncio.gather(*(race(n, hold) for n, hold in enumerate(holds)))

    assert set(winners) == {"capture", "expiry"}


async def test_parts_of_one_hold_captured_at_once_never_exceed_it(market: Market, make_lane: MakeLane) -> None:
    lanes = await two_started(make_lane)
    await market.open_system(Purpose.REVENUE)
    hold = await held(market, lanes[0], 10)

    answers = await asyncio.gather(*(lanes[n % 2].post(market.capture(hold, 3, final=False)) for n in range(8)))

    codes = [code_of(answer) for answer in answers]
    assert (codes.count("posted"), codes.count("capture_exceeds_hold")) == (3, 5)


async def test_2000_crossing_transfers_over_two_processes_all_post(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(1000), await market.wallet(1000)
    lanes = await two_started(make_lane, GroupCommitLimits(batch_weight=200))
    pairs = cycle([(alice, bob), (bob, alice)])

    answers = await asyncio.gather(*(lanes[n // 3 % 2].post(market.transfer(*next(pairs))) for n in range(2000)))

    assert {code_of(answer) for answer in answers} == {"posted"}
    assert await market.available(alice) + await market.available(bob) == 2000


async def test_batches_that_want_the_same_accounts_in_any_order_never_deadlock(
    market: Market, make_lane: MakeLane, raced_database: TestDatabase, foreigner: asyncpg.Connection
) -> None:
    """Not one is seen, by connections that would see one at once (safety, L29)."""
    finder, ledger = DeadlockFinder(raced_database.admin_url), WatchedLedger(market.container.ids())
    wallets = [await market.wallet(100) for _ in range(12)]
    lanes = [make_lane(connect=finder.connect, ledger=ledger, limits=GroupCommitLimits(batch_weight=16)) for _ in "ab"]
    for lane in lanes:
        await lane.start()
    chance = Random(29)
    pairs = [chance.sample(wallets, 2) for _ in range(800)]

    jamming = asyncio.create_task(jam(foreigner, wallets, chance))
    answers = await asyncio.gather(
        *(lanes[n % 2].post(market.transfer(source, to)) for n, (source, to) in enumerate(pairs))
    )
    jamming.cancel()
    await asyncio.wait([jamming])

    assert {code_of(answer) for answer in answers} == {"posted"}
    assert ledger.deadlocks == []
