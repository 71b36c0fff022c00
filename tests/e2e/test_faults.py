"""
Whatever breaks, in the middle of whatever: what was acknowledged is there once, and every key may be repeated.

The seed is printed; FAULT_SEED=<seed> repeats the clients' choices and the faults' details.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Sequence

import pytest

from e2e import faults
from e2e.audit import assert_balances_are, assert_verified, assert_what_was_granted_is_there_once, keys_in
from e2e.clients import Clients
from e2e.conftest import Installation, bank_on
from e2e.faults import Fault, Stage
from e2e.journal_of_clients import Change

WALLETS = 8
OPENING = 20_000
FEWEST_GRANTED = 20
ROUNDS = 4
COMMON_FAULTS: tuple[Fault, ...] = (
    faults.kill_api,
    faults.kill_worker,
    faults.kill_postgres,
    faults.freeze_postgres,
)
RARER_FAULTS: tuple[Fault, ...] = (
    faults.kill_api_supervisor,
    faults.terminate_api,
    faults.restart_postgres,
    faults.kill_a_backend,
    faults.freeze_postgres_for_long,
    faults.freeze_worker,
    faults.freeze_the_lane,
)


@pytest.fixture
def seed(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> int:
    """Another one each time, unless FAULT_SEED is set."""
    chosen = int(os.environ.get("FAULT_SEED") or secrets.randbelow(10**6))
    with capsys.disabled():
        print(f"\n{request.node.name}: FAULT_SEED={chosen}")
    return chosen


@pytest.mark.parametrize(
    "fault",
    [*COMMON_FAULTS, *(pytest.param(fault, marks=pytest.mark.faults) for fault in RARER_FAULTS)],
    ids=lambda fault: fault.__name__,
)
async def test_what_was_acknowledged_outlives(fault: Fault, installation: Installation, seed: int) -> None:
    await _break_and_audit(installation, [fault], seed=seed, people=16)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_what_was_acknowledged_outlives_one_fault_after_the_other(
    round_: int, installation: Installation, seed: int
) -> None:
    every_fault = [*COMMON_FAULTS, *RARER_FAULTS]
    random.Random(f"{seed} {round_}").shuffle(every_fault)
    await _break_and_audit(installation, every_fault, seed=seed + round_, people=48)


async def test_sigterm_cuts_off_nobody_whose_money_moved(installation: Installation, seed: int) -> None:
    """A client without an answer can be sure: its request was never begun."""
    await _break_and_audit(installation, [faults.terminate_api], seed=seed, people=16, gracefully=True)


async def _break_and_audit(
    installation: Installation, order: Sequence[Fault], *, seed: int, people: int, gracefully: bool = False
) -> None:
    stage = Stage(installation.servers, installation.home, installation.apis, random.Random(seed))
    async with bank_on(installation, wallets=WALLETS, opening=OPENING) as bank:
        opening = {wallet: Change(OPENING) for wallet in bank.wallets}
        clients = Clients(bank.wires, opening=opening, seed=seed, people=people, patient=gracefully)
        journal = clients.journal
        async with clients:
            for fault in order:
                await asyncio.sleep(stage.rng.uniform(0.3, 1.0))
                await fault(stage)
            await asyncio.sleep(0.3)
        if gracefully:
            decided = await keys_in(installation.database.admin_url, bank.tenant_id)
            assert decided.isdisjoint(wish.key for wish in journal.wishes if wish.told is None)
        await clients.repeat_everything()
        await clients.ask_every_process()
        assert journal.breaches == []
        assert sum(wish.is_granted for wish in journal.wishes) >= FEWEST_GRANTED, dict(journal.answers)
        await assert_balances_are(bank.client, journal.balances(opening))
    await assert_what_was_granted_is_there_once(installation.database.admin_url, bank.tenant_id, journal)
    await assert_verified(installation.database, bank.tenant_id)
