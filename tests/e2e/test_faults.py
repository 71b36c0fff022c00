"""
Whatever breaks, in the middle of whatever: what was acknowledged is there once, and every key may be repeated.

The seed is printed; FAULT_SEED=<seed> repeats the clients' choices and the faults' details.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Sequence

import httpx
import pytest

from conftest import register_tenant
from e2e import faults
from e2e.audit import assert_balances_are, assert_verified, assert_what_was_granted_is_there_once
from e2e.clients import Clients
from e2e.conftest import Installation
from e2e.faults import Fault, Stage
from e2e.journal_of_clients import Change

WALLETS = 8
OPENING = 20_000
ROUNDS = 4
EVERY_FAULT: tuple[Fault, ...] = (
    faults.kill_api,
    faults.kill_api_supervisor,
    faults.kill_worker,
    faults.terminate_api,
    faults.kill_postgres,
    faults.restart_postgres,
    faults.kill_a_backend,
    faults.freeze_postgres,
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
    [
        faults.kill_api,
        faults.kill_worker,
        faults.terminate_api,
        faults.kill_postgres,
        faults.freeze_postgres,
    ],
    ids=lambda fault: fault.__name__,
)
async def test_what_was_acknowledged_outlives(fault: Fault, installation: Installation, seed: int) -> None:
    await _break_and_audit(installation, [fault], seed=seed, people=24)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_what_was_acknowledged_outlives_one_fault_after_the_other(
    round_: int, installation: Installation, seed: int
) -> None:
    order = random.Random(f"{seed} {round_}").sample(EVERY_FAULT, k=len(EVERY_FAULT))
    await _break_and_audit(installation, order, seed=seed + round_, people=48)


async def _break_and_audit(installation: Installation, order: Sequence[Fault], *, seed: int, people: int) -> None:
    rng = random.Random(seed)
    stage = Stage(installation.servers, installation.home, installation.apis, rng)
    base_urls = [api.base_url for api in installation.apis]
    container = installation.database.container()
    tenant_id, api_key, _operator_key = await register_tenant(container)
    await container.database().dispose()
    headers = {"Authorization": f"Bearer {api_key}"}
    async with httpx.AsyncClient(base_url=base_urls[0], headers=headers, timeout=30) as bank:
        opening = {await _open_wallet(bank, number): Change(OPENING) for number in range(WALLETS)}
        clients = Clients(base_urls, api_key=api_key, opening=opening, seed=seed, people=people)
        try:
            async with clients:
                for fault in order:
                    await asyncio.sleep(rng.uniform(0.5, 1.5))
                    await fault(stage)
                await asyncio.sleep(0.5)
            await clients.repeat_everything()
        finally:
            await clients.aclose()
        journal = clients.journal
        assert journal.breaches == []
        assert journal.answers["201"] > 100, dict(journal.answers)
        await assert_balances_are(bank, journal.balances(opening))
    await assert_what_was_granted_is_there_once(installation.database.admin_url, tenant_id, journal)
    await assert_verified(installation.database, tenant_id)


async def _open_wallet(bank: httpx.AsyncClient, number: int) -> str:
    opened = await bank.post("/v1/wallets", json={"user_id": f"user_{number}", "asset": "USD"})
    wallet: str = opened.json()["id"]
    credited = await bank.post(
        f"/v1/wallets/{wallet}/credit", json={"amount": OPENING}, headers={"Idempotency-Key": f"opening-{number}"}
    )
    assert credited.status_code == 201, credited.text
    return wallet
