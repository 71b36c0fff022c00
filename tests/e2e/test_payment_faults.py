"""
Payments and refunds while answers get lost, the provider hangs, webhooks come twice and in any order, and workers die:
what the provider charged is what is in our books, item by item.

The seed is printed; FAULT_SEED=<seed> repeats the payers' choices and the provider's chance. FAULT_PAYMENTS=<number>
says how many payments and refunds the long form has.
"""

import os
import secrets
from pathlib import Path
from time import monotonic

import httpx
import pytest

from conftest import TestDatabase
from e2e.audit import assert_verify_finds_nothing
from e2e.audit_of_payments import Audit
from e2e.clients import Clients
from e2e.counter import Counter, open_counter
from e2e.counter_faults import begin_to_misbehave, behave_again, workers_killed
from e2e.healing import heal
from e2e.journal_of_clients import Change, Journal
from e2e.payers import Crowd, Payer
from entrypoints.embedded.servers import EmbeddedServers

MANY = 10_000
A_FEW = 60
LONGEST_WAIT_SECONDS = 35.0
"""Longer than a client waits: how fast answers are under load is not judged here."""


@pytest.fixture
def seed(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> int:
    """Another one each time, unless FAULT_SEED is set."""
    chosen = int(os.environ.get("FAULT_SEED") or secrets.randbelow(10**6))
    with capsys.disabled():
        print(f"\n{request.node.name}: FAULT_SEED={chosen}")
    return chosen


async def test_what_the_provider_charged_is_in_the_books_whatever_gets_lost(
    database: TestDatabase, servers: EmbeddedServers, tmp_path: Path, seed: int
) -> None:
    async with open_counter(database, servers, tmp_path, seed=seed) as counter:
        await _pay_and_audit(counter, seed=seed, wanted=A_FEW, people=20, patience_seconds=2.5, pause_seconds=4.0)


@pytest.mark.faults
@pytest.mark.timeout(2400)
async def test_ten_thousand_payments_and_refunds_are_in_the_books_whatever_gets_lost(
    database: TestDatabase, servers: EmbeddedServers, tmp_path: Path, seed: int
) -> None:
    wanted = int(os.environ.get("FAULT_PAYMENTS") or MANY)
    async with open_counter(database, servers, tmp_path, seed=seed, api_processes=2) as counter:
        await _pay_and_audit(counter, seed=seed, wanted=wanted, people=64, patience_seconds=8.0, pause_seconds=8.0)


async def _pay_and_audit(
    counter: Counter, *, seed: int, wanted: int, people: int, patience_seconds: float, pause_seconds: float
) -> None:
    journal = Journal(come_again=frozenset({409, 503}), longest_wait_seconds=LONGEST_WAIT_SECONDS)
    async with httpx.AsyncClient(timeout=30) as browser:
        crowd = Crowd(wanted, counter.wallets, counter.wire, browser, patience_seconds)
        clients = Clients(
            [counter.wire],
            opening={wallet: Change() for wallet in counter.wallets},
            seed=seed,
            people=people,
            person=lambda clients, number: Payer(clients, number, crowd),
            journal=journal,
        )
        await begin_to_misbehave(counter, seed=seed)
        begun = monotonic()
        async with workers_killed(counter, seed=seed, pause_seconds=pause_seconds) as kills, clients:
            await crowd.at_home.wait()
    paid_seconds = monotonic() - begun
    hits = await behave_again(counter)
    assert kills, "nobody was killed"
    assert hits["drop_after_effect"], hits
    assert hits["hang_after"] + hits["hang_before"], hits
    steps = await heal(counter, each_within_seconds=60 + wanted / 50)
    healed_seconds = monotonic() - begun - paid_seconds
    await clients.repeat_everything()

    audit = Audit(counter, journal)
    await audit.read()
    print(f"paid for {paid_seconds:.1f} s, healed in {healed_seconds:.1f} s and {steps} steps of the clocks")
    print(f"{audit.courses()}\nfaults {hits}, {len(kills)} workers killed\nanswers {dict(journal.answers)}")
    assert journal.breaches == []
    assert len(audit.payments) + len(audit.refunds) >= wanted
    audit.assert_granted_is_there_once()
    await audit.assert_the_provider_has_each_once()
    audit.assert_charges_equal_captures()
    audit.assert_no_refund_exceeds_its_capture()
    await audit.assert_clearing_is_the_providers_balance()
    await audit.assert_wallets_hold_what_was_paid()
    await audit.assert_nothing_is_in_doubt()
    print(await audit.assert_every_webhook_was_understood())
    await assert_verify_finds_nothing(counter.database, counter.tenant_id)
