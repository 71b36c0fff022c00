"""
Whatever breaks under a steady load of orders, top-ups and webhooks: everything ends once, and everybody hears of it.

The seed is printed; FAULT_SEED=<seed> repeats the clients' choices and the faults' details.
"""

import asyncio
import os
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from adapters.streams.limits import READ_BLOCK_SECONDS
from core.domain.attempts import AttemptPolicy
from core.domain.job_catalogue import RUN_OPERATION
from e2e import shop_faults as faults
from e2e.audit import assert_balances_are, assert_verified
from e2e.audit_of_orders import Audit
from e2e.clients import Clients
from e2e.draining import drain, end_by_schedule
from e2e.journal_of_clients import Change, Journal
from e2e.shop import Shop, open_shop
from e2e.shop_faults import ShopFault, ShopStage
from e2e.shoppers import Shopper, is_order
from e2e.sleeping_workers import (
    asleep,
    attempts_at,
    commits_wait,
    delivered_again,
    is_completed,
    is_recorded,
    jobs_taken_away,
    unknown_order,
    until,
    until_due,
    until_one_begins_an_attempt,
)
from entrypoints.development.worker_process import WorkerProcess

WALLETS = 6
OPENING = 50_000
PEOPLE = 6
FEWEST_ORDERS = 5
LONGEST_WAIT_SECONDS = 25.0
"""An order waits for the fulfilment service, and for a database that is being recovered."""
ROUNDS = 2
COMMON_FAULTS: tuple[ShopFault, ...] = (
    faults.restart_valkey_empty,
    faults.kill_postgres,
    faults.drop_the_answer,
)
RARER_FAULTS: tuple[ShopFault, ...] = (
    faults.flush_valkey,
    faults.kill_worker,
    faults.kill_relay,
    faults.answer_500_before_the_work,
    faults.answer_500_after_the_work,
    faults.hang_before_the_work,
    faults.hang_after_the_work,
    faults.kill_fulfilment,
    faults.kill_api,
    faults.webhooks_fail,
)


@pytest.fixture(scope="module")
async def open_for_the_day(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """One for all tests here."""
    async with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
async def shop(open_for_the_day: Shop) -> Shop:
    """The same, whole again if a test before left it broken."""
    await open_for_the_day.whole_again()
    return open_for_the_day


@pytest.fixture
def seed(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> int:
    """Another one each time, unless FAULT_SEED is set."""
    chosen = int(os.environ.get("FAULT_SEED") or secrets.randbelow(10**6))
    with capsys.disabled():
        print(f"\n{request.node.name}: FAULT_SEED={chosen}")
    return chosen


@pytest.mark.parametrize("fault", COMMON_FAULTS, ids=lambda fault: fault.__name__)
async def test_every_order_ends_once_and_is_told_of_in_spite_of(fault: ShopFault, shop: Shop, seed: int) -> None:
    await _break_and_audit(shop, [fault], seed=seed, calm_seconds=0.5, trouble_seconds=1.0)


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [*COMMON_FAULTS, *RARER_FAULTS], ids=lambda fault: fault.__name__)
async def test_every_order_ends_once_and_is_told_of_under_a_longer(fault: ShopFault, shop: Shop, seed: int) -> None:
    await _break_and_audit(shop, [fault, fault], seed=seed, calm_seconds=2.0, trouble_seconds=6.0)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_every_order_ends_once_and_is_told_of_under_one_fault_after_the_other(
    round_: int, shop: Shop, seed: int
) -> None:
    every_fault = [*COMMON_FAULTS, *RARER_FAULTS]
    random.Random(f"{seed} {round_}").shuffle(every_fault)
    await _break_and_audit(shop, every_fault, seed=seed + round_, calm_seconds=1.0, trouble_seconds=3.0)


@pytest.mark.faults
async def test_a_job_that_is_delivered_three_times_at_once_hands_over_once(shop: Shop) -> None:
    async with shop.bank(wallets=1, opening=1000) as bank, shop.without_workers() as until_the_end:
        three = [shop.new_worker(BURSAR_WORKER_CONCURRENCY="1") for _ in range(3)]
        await asyncio.gather(*(until_the_end.enter_async_context(worker) for worker in three))
        before = len(await shop.handed_over())
        order = await unknown_order(bank)
        await shop.behave("slow", seconds=2.5)
        copies = [delivered_again(bank, order, number) for number in range(3)]
        await until_due(shop, bank, order)
        await shop.queue.enqueue_jobs(copies)

        await until(lambda: is_completed(bank, order))
        await drain(shop)

        ended = [await shop.queue.job(copy.key) for copy in copies]
        assert [each and (each.status, each.attempts) for each in ended] == [("complete", 1)] * 3
        assert [each["asked"] for each in (await shop.handed_over())[before:]] == [2]
        assert await attempts_at(shop, bank, order) == [(1, "unknown", True), (2, "succeeded", True)]
        assert await bank.available() == [900]


@pytest.mark.faults
async def test_a_worker_that_slept_past_its_lease_calls_nobody_and_writes_nothing(shop: Shop) -> None:
    """It is stopped between its fence and its call; the clock ends its lease before its own connections give up."""
    async with shop.bank(wallets=1, opening=1000) as bank:
        before = len(await shop.handed_over())
        order = await unknown_order(bank)
        async with AsyncExitStack() as until_it_wakes:
            async with commits_wait(shop) as connection:
                sleeper = await until_one_begins_an_attempt(connection, shop.workers)
                await until_it_wakes.enter_async_context(asleep(sleeper))
                fell_asleep = monotonic()
            await shop.later("1 minute")
            await asyncio.sleep(2 * READ_BLOCK_SECONDS)  # by then it does not wait for jobs any more, and gets none
            await shop.queue.enqueue_jobs([delivered_again(bank, order, 1)])
            await until(lambda: is_completed(bank, order))
            await asyncio.sleep(fell_asleep + AttemptPolicy().deadline_seconds + 0.5 - monotonic())

        async def has_ended() -> bool:
            its_job = await shop.queue.job(f"{RUN_OPERATION}:{order['operation_id']}")
            return its_job is not None and its_job.status == "complete"

        await until(has_ended)
        assert [each["asked"] for each in (await shop.handed_over())[before:]] == [2]
        assert await attempts_at(shop, bank, order) == [(1, "unknown", True), (3, "succeeded", True)]
        assert await is_completed(bank, order)
        assert await bank.available() == [900]
        assert not sleeper.has_ended()


@pytest.mark.faults
async def test_a_worker_that_slept_while_the_service_hung_writes_no_stale_outcome(shop: Shop) -> None:
    async with shop.bank(wallets=1, opening=1000) as bank, shop.without_workers() as until_the_end:
        sleeper = await until_the_end.enter_async_context(shop.new_worker())
        before = len(await shop.handed_over())
        order = await unknown_order(bank)
        await shop.behave("hang_before", times=1, seconds=8)  # so that it is free again when the lease ends
        await until(shop.has_misbehaved)
        async with asleep(sleeper):
            await shop.behave("late", seconds=0.5)
            await until_the_end.enter_async_context(shop.new_worker())
            await until(lambda: is_recorded(shop, bank, order, (3, "pending", True)))
            taken_away = jobs_taken_away(shop)
        await _until_it_is_at_its_end(shop, sleeper, taken_away)

        assert await attempts_at(shop, bank, order) == [(1, "unknown", True), (3, "pending", True)]
        await shop.later("2 minutes")
        await until(lambda: is_completed(bank, order))
        assert [each["asked"] for each in (await shop.handed_over())[before:]] == [3]
        assert (await attempts_at(shop, bank, order))[2:] == [(4, "succeeded", True)]
        assert await bank.available() == [900]


async def _until_it_is_at_its_end(shop: Shop, sleeper: WorkerProcess, taken_away: int) -> None:
    """The one that slept has done all it would do with the job, and works on."""

    async def has_noticed() -> bool:
        return jobs_taken_away(shop) > taken_away

    await until(has_noticed)
    await drain(shop)
    assert not sleeper.has_ended()


async def _break_and_audit(
    shop: Shop, order: Sequence[ShopFault], *, seed: int, calm_seconds: float, trouble_seconds: float
) -> None:
    installation = shop.installation
    stage = ShopStage(
        installation.servers,
        installation.home,
        installation.apis,
        random.Random(seed),
        shop=shop,
        trouble_seconds=trouble_seconds,
    )
    async with shop.bank(wallets=WALLETS, opening=OPENING) as bank:
        await drain(shop)
        untold, handed_over = await shop.tell_us(bank), len(await shop.handed_over())
        opening = {wallet: Change(OPENING) for wallet in bank.wallets}
        journal = Journal(come_again=frozenset({409, 503}), longest_wait_seconds=LONGEST_WAIT_SECONDS)
        clients = Clients(bank.wires, opening=opening, seed=seed, people=PEOPLE, person=Shopper, journal=journal)
        async with clients:
            for fault in order:
                await asyncio.sleep(stage.rng.uniform(calm_seconds, 2 * calm_seconds))
                await fault(stage)
            await asyncio.sleep(calm_seconds)
        took = await drain(shop)
        await clients.repeat_everything()
        await drain(shop)
        steps = await end_by_schedule(shop, bank.tenant_id)
        assert journal.breaches == []
        ordered = sum(is_order(wish) and wish.is_granted for wish in journal.wishes)
        print(f"{ordered} orders, {len(journal.wishes)} wishes, drained in {took:.1f} s, {steps} steps of the clock")
        assert ordered >= FEWEST_ORDERS, dict(journal.answers)

        audit = Audit(shop, bank, journal)
        await audit.assert_granted_is_there_once()
        await audit.assert_handed_over_once((await shop.handed_over())[handed_over:])
        await assert_balances_are(bank.client, await audit.balances(opening))
        await audit.assert_nothing_is_in_fulfilment()
        events = await audit.assert_every_cause_has_its_event()
        await audit.assert_every_event_was_delivered(events, after=untold)
        await audit.assert_the_stream_has_every_event(events)
        await audit.assert_no_job_was_given_up()
        await assert_verified(installation.database, bank.tenant_id)
