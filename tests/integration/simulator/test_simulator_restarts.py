"""A simulator that is killed at any moment has done, after its restart, exactly what it had answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from entrypoints.development.service_process import ServiceDidNotStart
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from integration.simulator.merchants import Merchant, WebhookReceiver, merchant_of, payment_body

ENOUGH = 60


@pytest.fixture(scope="module")
async def mortal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    """A simulator that may be killed."""
    tmp_path = tmp_path_factory.mktemp("mortal")
    async with SimulatorProcess(
        port=free_port(), log=tmp_path / "simulator.log", journal=tmp_path / "truth.sqlite"
    ) as running:
        yield running


async def pay_until_it_dies(
    merchant: Merchant, answered: dict[str, bytes], begun: dict[str, dict], enough: asyncio.Event
) -> None:
    while True:
        key = uuid4().hex
        begun[key] = payment_body(reference=key)
        try:
            answer = await merchant.post("/v1/payments", begun[key], key=key)
        except httpx.TransportError:
            return
        assert answer.status_code == 201
        answered[key] = answer.content
        if len(answered) >= ENOUGH:
            enough.set()


async def test_what_was_answered_survives_a_kill_and_nothing_is_done_twice(mortal: SimulatorProcess) -> None:
    answered: dict[str, bytes] = {}
    begun: dict[str, dict] = {}
    async with merchant_of(mortal) as merchant:
        enough = asyncio.Event()
        payers = [asyncio.create_task(pay_until_it_dies(merchant, answered, begun, enough)) for _ in range(8)]
        await enough.wait()
        mortal.kill()
        await asyncio.gather(*payers)
        await mortal.start()
        captured = [
            entry["reference"]
            for entry in await mortal.truth(account=merchant.account_id, limit=10_000)
            if entry["effect"] == "captured"
        ]
        assert set(answered) <= set(captured)
        assert len(captured) == len(set(captured))
        for key, body in begun.items():  # a client that repeats all it ever began
            again = await merchant.post("/v1/payments", body, key=key)
            assert again.status_code == 201
            assert again.content == answered.get(key, again.content)
        captured = [
            entry["reference"]
            for entry in await mortal.truth(account=merchant.account_id, limit=10_000)
            if entry["effect"] == "captured"
        ]
        assert sorted(captured) == sorted(begun)
        lines = (await merchant.get("/v1/movements", limit=1000))["data"]
        assert sum(line["net"] for line in lines) == (await merchant.get("/v1/account"))["balances"][0]["total"]


async def test_plans_the_clock_and_waiting_events_survive_a_kill(
    mortal: SimulatorProcess, receiver: WebhookReceiver
) -> None:
    async with merchant_of(mortal) as merchant:
        await merchant.set_up(
            delays={"async_payment": 5000},
            webhooks=[{"url": receiver.url, "secrets": ["whsec_restart"]}],
            webhook_behaviour={"delay_seconds": 1000},
        )
        await mortal.advance_clock(86_400)
        payment = (await merchant.pay("pm_bank_async")).json()
        await mortal.advance_clock(900)
        mortal.kill()
        await mortal.start()
        assert (await merchant.get(f"/v1/payments/{payment['id']}")) == payment
        now, made = (await merchant.get("/v1/account"))["time"], payment["created_at"]
        assert datetime.fromisoformat(now) - datetime.fromisoformat(made) > timedelta(seconds=900)
        await mortal.advance_clock(100)
        (first,) = await receiver.until_count(1)
        assert first.event["data"]["object"] == payment
        assert first.signed_with("whsec_restart")
        await mortal.advance_clock(5000)
        assert (await receiver.until_count(2))[1].event["type"] == "payment.captured"


async def test_two_simulators_cannot_have_one_file(mortal: SimulatorProcess, tmp_path: Path) -> None:
    second = SimulatorProcess(port=free_port(), log=tmp_path / "second.log", journal=mortal.journal)
    with pytest.raises(ServiceDidNotStart):
        await second.start()
    assert "does another simulator run on it?" in (tmp_path / "second.log").read_text()
    await mortal.advance_clock(0)
