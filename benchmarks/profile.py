"""
`task bench:profile`: where the CPU time of a transfer goes.

    python -m benchmarks.profile [--transfers 20000] [--rounds 5]

The real application answers over its ASGI interface, in this process and on an embedded PostgreSQL; only the HTTP
server (Granian) and the network are left out. It counts CPU time, which other work on the machine disturbs little.
Linux only: PostgreSQL's share is read from /proc.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.in_process import InProcess, tenant_in_process
from benchmarks.stages import STAGES, StageSampler
from entrypoints.container import Container
from entrypoints.development.stack import DevelopmentStack
from entrypoints.http.app import create_litestar
from entrypoints.http.context import RequestContextMiddleware
from entrypoints.settings import Settings

CONNECTIONS = 64
BATCH_SIZE = 1000
BATCH_CALLERS = 2
POSTING = "PostgreSQL, posting connection"
OTHERS = "PostgreSQL, its other processes"
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
_WARM_UP = 10_000


Load = Callable[[InProcess, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round showed: CPU microseconds a transfer by stage, and transfers a second by the clock."""

    costs: dict[str, float]
    rate: float

    @property
    def python(self) -> float:
        """All of this process's, without making the load."""
        return sum(self.costs[stage] for stage in STAGES)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    parser.add_argument("--transfers", type=int, default=20_000, help="transfers a round (20,000)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds of each kind, in turns; the cheapest is shown (5)"
    )
    arguments = parser.parse_args()
    print(f"load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")
    uvloop.run(_profile(arguments.transfers, arguments.rounds))
    return 0


async def _profile(transfers: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bursar-profile-") as folder:
        async with DevelopmentStack(Path(folder) / "home") as stack:
            container = Container(settings=Settings.from_environment(stack.environment))
            litestar = create_litestar(container)
            async with litestar.lifespan():
                tenant = await tenant_in_process(container, RequestContextMiddleware(litestar))
                meter = _Meter(await asyncpg.connect(stack.environment["BURSAR_DATABASE_URL"]))
                await _singles(tenant, _WARM_UP)
                await _batches(tenant, _WARM_UP)
                single: list[Round] = []
                batch: list[Round] = []
                for _ in range(rounds):
                    single.append(await meter.measure(_singles, tenant, transfers))
                    batch.append(await meter.measure(_batches, tenant, transfers))
                await meter.close()
    _print(single, batch)


async def _singles(tenant: InProcess, transfers: int) -> None:
    """As many callers as `task bench` has connections, each its next transfer after the answer to the last."""

    async def caller() -> None:
        for _ in range(transfers // CONNECTIONS):
            await tenant.transfer()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))


async def _batches(tenant: InProcess, transfers: int) -> None:
    async def caller() -> None:
        for _ in range(transfers // BATCH_SIZE // BATCH_CALLERS):
            await tenant.batch(BATCH_SIZE)

    await asyncio.gather(*(caller() for _ in range(BATCH_CALLERS)))


class _Meter:
    """CPU time of this process and of PostgreSQL's, around a load."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def close(self) -> None:
        await self._connection.close()

    async def measure(self, load: Load, tenant: InProcess, transfers: int) -> Round:
        before = await self._postgres_seconds()
        begun = time.perf_counter()
        with StageSampler() as sampler:
            await load(tenant, transfers)
        lasted = time.perf_counter() - begun
        after = await self._postgres_seconds()
        seconds = {stage: sampler.seconds[stage] for stage in STAGES}
        seconds |= {name: after[name] - before[name] for name in (POSTING, OTHERS)}
        return Round({name: value / transfers * 1e6 for name, value in seconds.items()}, transfers / lasted)

    async def _postgres_seconds(self) -> dict[str, float]:
        """User and system time of PostgreSQL's processes so far."""
        seconds = {POSTING: 0.0, OTHERS: 0.0}
        for pid, name in await self._connection.fetch("SELECT pid, application_name FROM pg_stat_activity"):
            seconds[POSTING if name == "bursar posting" else OTHERS] += _cpu_seconds(pid)
        return seconds


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    # The fields after the name in brackets, which may hold anything: the 12th and 13th are the times.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS


def _print(single: list[Round], batch: list[Round]) -> None:
    """The cheapest round of each kind by stage, as other work only ever adds; then what every round cost."""
    one, many = (min(rounds, key=lambda each: each.python) for rounds in (single, batch))
    print(f"\n{'CPU microseconds a transfer':42}{'single':>10}{f'batch of {BATCH_SIZE:,}':>18}")
    for stage in STAGES:
        print(f"{stage:42}{one.costs[stage]:>10.1f}{many.costs[stage]:>18.1f}")
    print(f"{'Python, all of it':42}{one.python:>10.1f}{many.python:>18.1f}")
    for part in (POSTING, OTHERS):
        print(f"{part:42}{one.costs[part]:>10.1f}{many.costs[part]:>18.1f}")
    for number, (one, many) in enumerate(zip(single, batch, strict=True), 1):
        print(f"{f'  round {number}: Python':42}{one.python:>10.1f}{many.python:>18.1f}")
        print(f"{f'  round {number}: PostgreSQL, posting':42}{one.costs[POSTING]:>10.1f}{many.costs[POSTING]:>18.1f}")
        print(f"{f'  round {number}: transfers a second':42}{one.rate:>10,.0f}{many.rate:>18,.0f}")


if __name__ == "__main__":
    sys.exit(main())
