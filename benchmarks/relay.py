"""
`task bench:relay`: the outbox relay, on servers of its own.

    python -m benchmarks.relay [--events 50000] [--seconds 15]

How fast a worker drains the outbox; how far it lags behind 1,000 transfers a second; what it costs single transfers.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
from redis.asyncio import Redis

from adapters.postgres.connection import DatabaseAddress
from benchmarks.generators import announce, load
from benchmarks.ledgers import fill, make_tenant, write_keys
from benchmarks.measurement import Measurement
from benchmarks.servers import group_commit
from entrypoints.container import Container
from entrypoints.development.stack import DevelopmentStack
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.settings import Settings

TRANSFERS_A_SECOND = 1000
BATCH = 20
WALLETS = 200
ROUNDS = 3
_PUBLISHED = "SELECT coalesce(sum(published), 0)::bigint, (SELECT count(*) FROM outbox) FROM event_positions"
_POLL_SECONDS = 0.05
_DRAIN_TIMEOUT_SECONDS = 300


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay")
    parser.add_argument("--events", type=int, default=50_000, help="outbox to drain (50,000)")
    parser.add_argument("--seconds", type=float, default=15, help="length of each load (15)")
    arguments = parser.parse_args()
    announce()
    print(f"{os.cpu_count()} cores; load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")
    asyncio.run(_measure(arguments.events, arguments.seconds))
    return 0


async def _measure(events: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as folder:
        async with DevelopmentStack(Path(folder) / "home") as stack:
            container = Container(settings=Settings.from_environment(stack.environment))
            try:
                async with group_commit(stack.environment, stack.home) as api:
                    tenant_id, key, wallets = await make_tenant(container, api.base_url, wallets=WALLETS)
                address = DatabaseAddress(stack.environment["BURSAR_DATABASE_URL"])
                await fill(address, tenant_id, wallets, entries=2 * events)
                await _drain(stack.environment, stack.home)
                await _lag(stack.environment, stack.home, key, wallets, seconds)
                keys = write_keys(stack.home / "relay.keys", [(key, wallets)])
                await _cost(stack.environment, stack.home, keys, seconds / 2)
            finally:
                await container.database().dispose()


def _worker(environment: Mapping[str, str], home: Path) -> WorkerProcess:
    return WorkerProcess(environment, port=free_port(), log=home / "worker.log")


async def _drain(environment: Mapping[str, str], home: Path) -> None:
    """From the worker's first event to its last, positions and stream both."""
    connection = await asyncpg.connect(
        environment["BURSAR_DATABASE_URL"], server_settings={"role": "bursar_application"}
    )
    try:
        waiting = (await connection.fetchrow(_PUBLISHED))[1]
        async with _worker(environment, home), asyncio.timeout(_DRAIN_TIMEOUT_SECONDS):
            first = None
            while True:
                published, left = await connection.fetchrow(_PUBLISHED)
                now = time.perf_counter()
                if first is None and published:
                    first = (now, published)
                if left == 0 and published >= waiting:
                    break
                await asyncio.sleep(_POLL_SECONDS)
        assert first is not None
        rate = (published - first[1]) / max(now - first[0], 1e-9)
        print(f"{'outbox drained and published':46}{rate:>11,.0f} events/s (≥ 5,000)")
    finally:
        await connection.close()


async def _lag(environment: Mapping[str, str], home: Path, key: str, wallets: list[str], seconds: float) -> None:
    """From the moment an event occurred to its entry in the stream, both on this machine's clock."""
    redis = Redis.from_url(environment["BURSAR_REDIS_URL"])
    try:
        async with group_commit(environment, home) as api, _worker(environment, home):
            await asyncio.sleep(1)
            start = f"{int(time.time() * 1000)}-0"
            posted, lasted = await _post_steadily(api.base_url, key, wallets, seconds)
            await asyncio.sleep(2)
            entries = await redis.xrange("bursar:events", min=start)
        lags = sorted(
            int(entry_id.split(b"-")[0]) / 1000
            - datetime.fromisoformat(json.loads(fields[b"event"])["time"]).timestamp()
            for entry_id, fields in entries
        )
        assert len(lags) >= posted, (len(lags), posted)
        cuts = statistics.quantiles(lags, n=100)
        print(
            f"{f'lag behind {posted / lasted:,.0f} transfers/s':46}{'':11} p50 {cuts[49] * 1000:.0f} ms,"
            f" p99 {cuts[98] * 1000:.0f} ms (≤ 1,000), longest {lags[-1] * 1000:.0f} ms"
        )
    finally:
        await redis.aclose()


async def _post_steadily(base_url: str, key: str, wallets: list[str], seconds: float) -> tuple[int, float]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    posted, tasks = 0, set()
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30) as client:

        async def post(number: int) -> None:
            pairs = [
                (wallets[(number + place) % WALLETS], wallets[(number + place + 1) % WALLETS]) for place in range(BATCH)
            ]
            transfers = [{"from_wallet_id": one, "to_wallet_id": other, "amount": 1} for one, other in pairs]
            answer = await client.post(
                "/v1/transfers/batch",
                json={"mode": "independent", "transfers": transfers},
                headers={"Idempotency-Key": uuid4().hex},
            )
            assert answer.content.count(b'"status":201') == BATCH, answer.text

        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            due = int(elapsed * TRANSFERS_A_SECOND / BATCH)
            while posted < due:
                tasks.add(asyncio.create_task(post(posted)))
                posted += 1
            await asyncio.sleep(BATCH / TRANSFERS_A_SECOND / 2)
        await asyncio.gather(*tasks)
        return posted * BATCH, time.perf_counter() - begun


async def _cost(environment: Mapping[str, str], home: Path, keys: Path, seconds: float) -> None:
    """Single transfers with and without a worker beside the API, in turns; the best round of each."""
    rounds: dict[str, list[Measurement]] = {"without a worker": [], "with a worker": []}
    async with group_commit(environment, home) as api:
        await load("warm-up", api.base_url, keys, mode="random", seconds=2)
        for _ in range(ROUNDS):
            rounds["without a worker"].append(await load("", api.base_url, keys, mode="random", seconds=seconds))
            async with _worker(environment, home):
                await _until_drained(environment)
                rounds["with a worker"].append(await load("", api.base_url, keys, mode="random", seconds=seconds))
                await _until_drained(environment)
    for name, measured in rounds.items():
        best = max(measured, key=lambda one: one.rate)
        told = ", ".join(f"{one.rate:,.0f}" for one in measured)
        print(f"{f'single transfers {name}':46}{best.rate:>11,.0f}/s, p99 {best.p99_ms:.1f} ms (rounds: {told})")
    with_, without = (max(one.rate for one in rounds[name]) for name in ("with a worker", "without a worker"))
    print(f"{'the relay leaves':46}{with_ / without:>11.2f} of the rate")


async def _until_drained(environment: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(
        environment["BURSAR_DATABASE_URL"], server_settings={"role": "bursar_application"}
    )
    try:
        async with asyncio.timeout(_DRAIN_TIMEOUT_SECONDS):
            while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110 - a server is asked
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
