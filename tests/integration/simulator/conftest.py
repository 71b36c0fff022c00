"""One simulator for many tests: each has a merchant of its own."""

from collections.abc import AsyncIterator

import pytest

from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from integration.simulator.merchants import Merchant, WebhookReceiver, merchant_of


@pytest.fixture(scope="session")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatorProcess]:
    """A real process with a real file."""
    home = tmp_path_factory.mktemp("simulator")
    async with SimulatorProcess(
        port=free_port(), log=home / "simulator.log", journal=home / "truth.sqlite", seed=7
    ) as running:
        yield running


@pytest.fixture
async def merchant(simulator: SimulatorProcess) -> AsyncIterator[Merchant]:
    """A merchant of the test's own."""
    async with merchant_of(simulator) as ours:
        yield ours


@pytest.fixture
async def other_merchant(simulator: SimulatorProcess) -> AsyncIterator[Merchant]:
    """Another one."""
    async with merchant_of(simulator) as ours:
        yield ours


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """Where events can go."""
    async with WebhookReceiver() as running:
        yield running
