"""
`task bench`: everything in one run, on servers of its own, printed as a table.

    python -m benchmarks [--seconds 8] [--entries 1000000] [--only single,growth]
"""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from adapters.postgres.connection import DatabaseAddress
from benchmarks.bare import make_tables
from benchmarks.batches import post_batches
from benchmarks.generators import announce, load
from benchmarks.ledgers import fill, make_tenant, write_keys
from benchmarks.measurement import Measurement
from benchmarks.servers import bare, group_commit, one_transaction
from benchmarks.used_log import use_log
from entrypoints.container import Container
from entrypoints.development.stack import DevelopmentStack
from entrypoints.settings import Settings

POOL_SIZES = (8, 16, 32)
WALLETS = 1000
TENANTS, WALLETS_EACH = 50, 20
SMALL_LEDGER = 10_000
ROUNDS = 3
"""Of each load, ours and the opponent's with each pool size; all are printed, and the best is kept."""
GROWTH_ROUNDS = 3
PARTS = "single,batch,growth"

Report = Callable[[Measurement], None]


def main() -> int:
    """Measure, print, and say which targets hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--seconds", type=float, default=8, help="length of each load (8)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="size of the large ledger (1,000,000)")
    parser.add_argument("--only", default=PARTS, help=f"parts, by comma ({PARTS})")
    arguments = parser.parse_args()
    parts = set(arguments.only.split(","))
    if unknown := parts - set(PARTS.split(",")):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    announce()
    system = f"{platform.system()} {platform.release()}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {system}, CPython {platform.python_version()}")
    print("fsync and synchronous_commit are on; the load generator runs on the same machine.")
    print(f"load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}\n")
    print(f"{'':46}{'per second':>11}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}  generator")
    asyncio.run(_measure(arguments.seconds, arguments.entries, parts))
    return 0


async def _measure(seconds: float, entries: int, parts: set[str]) -> None:
    found: dict[str, Measurement] = {}

    def report(measurement: Measurement) -> None:
        found[measurement.name] = measurement
        print(
            f"{measurement.name:46}{measurement.rate:>11,.0f}{measurement.p50_ms:>9.1f}{measurement.p99_ms:>9.1f}"
            f"{measurement.errors:>8}  {measurement.generator}",
            flush=True,
        )

    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as folder:
        async with DevelopmentStack(Path(folder) / "home") as stack:
            await use_log(stack)
            container = Container(settings=Settings.from_environment(stack.environment))
            bench = _Bench(stack, container, seconds, report)
            try:
                if "single" in parts:
                    await bench.single_transfers()
                if "batch" in parts:
                    await bench.batches()
                if "growth" in parts:
                    await bench.growth(entries)
            finally:
                await container.database().dispose()
    _judge(found)


class _Bench:
    """The scenarios, on one PostgreSQL."""

    def __init__(self, stack: DevelopmentStack, container: Container, seconds: float, report: Report) -> None:
        self._stack = stack
        self._container = container
        self._seconds = seconds
        self._report = report

    async def single_transfers(self) -> None:
        """Random, hot, spread over tenants, reads; one and two processes; then the opponent, best pool size kept."""
        home = self._stack.home
        owner_url = self._stack.environment["BURSAR_MIGRATION_DATABASE_URL"]
        async with group_commit(self._stack.environment, home) as api, bare(owner_url, home) as measure:
            keys, wallets = await self._one_tenant(api.base_url, "one")
            await make_tables(owner_url, wallets)
            spread = await self._many_tenants(api.base_url)
            await load("warm-up", api.base_url, keys, mode="random", seconds=3)
            await load("warm-up", measure.base_url, keys, mode="random", seconds=2)
            await self._interleaved(
                {
                    "bare groups, random": lambda: load(
                        "bare groups, random", measure.base_url, keys, mode="random", seconds=self._seconds
                    ),
                    "bare groups, hot": lambda: load(
                        "bare groups, hot", measure.base_url, keys, mode="hot", seconds=self._seconds
                    ),
                    "group commit, random": lambda: load(
                        "group commit, random", api.base_url, keys, mode="random", seconds=self._seconds
                    ),
                    "group commit, hot": lambda: load(
                        "group commit, hot", api.base_url, keys, mode="hot", seconds=self._seconds
                    ),
                    "group commit, 50 tenants": lambda: load(
                        "group commit, 50 tenants", api.base_url, spread, mode="random", seconds=self._seconds
                    ),
                }
            )
            self._report(await load("balance reads", api.base_url, keys, mode="read", seconds=self._seconds))
            print(f"{'memory of the API process':46}{_rss_mb(api.pid):>9,.0f} MB")
        async with group_commit(self._stack.environment, home, workers=2) as api:
            await load("warm-up", api.base_url, keys, mode="random", seconds=2)
            await self._interleaved(
                {
                    "two processes, random": lambda: load(
                        "two processes, random", api.base_url, keys, mode="random", seconds=self._seconds
                    ),
                    "two processes, hot": lambda: load(
                        "two processes, hot", api.base_url, keys, mode="hot", seconds=self._seconds
                    ),
                }
            )
        for mode in ("random", "hot"):
            rivals = [await self._rival(keys, mode, size) for size in POOL_SIZES]
            self._report(_best(rivals))

    async def batches(self) -> None:
        """1,000 transfers a request, two callers."""
        home, owner_url = self._stack.home, self._stack.environment["BURSAR_MIGRATION_DATABASE_URL"]
        async with group_commit(self._stack.environment, home) as api, bare(owner_url, home) as measure:
            _, key, wallets = await make_tenant(self._container, api.base_url, wallets=WALLETS)
            await make_tables(owner_url, wallets)
            for url in (api.base_url, measure.base_url):
                await post_batches("warm-up", url, key, wallets, seconds=2)
            name, bare_name = "batches of 1,000", "bare groups, batches of 1,000"
            await self._interleaved(
                {
                    name: lambda: post_batches(name, api.base_url, key, wallets, seconds=self._seconds),
                    bare_name: lambda: post_batches(bare_name, measure.base_url, key, wallets, seconds=self._seconds),
                }
            )

    async def growth(self, entries: int) -> None:
        """The same load on a small and on a large ledger, in turns, so that the machine's moods hit both."""
        async with DevelopmentStack(self._stack.home.with_name("large")) as large:
            await use_log(large)
            await self._compare_sizes(large, entries)

    async def _compare_sizes(self, large: DevelopmentStack, entries: int) -> None:
        rates: dict[str, list[float]] = {"small": [], "large": []}
        async with (
            group_commit(self._stack.environment, self._stack.home) as near,
            group_commit(large.environment, large.home) as far,
        ):
            small_keys = await self._sized_tenant(self._container, self._stack, near.base_url, SMALL_LEDGER)
            container = Container(settings=Settings.from_environment(large.environment))
            large_keys = await self._sized_tenant(container, large, far.base_url, entries)
            await container.database().dispose()
            for _ in range(GROWTH_ROUNDS):
                for name, url, keys in (("small", near.base_url, small_keys), ("large", far.base_url, large_keys)):
                    measured = await load(name, url, keys, mode="random", seconds=self._seconds / 2)
                    rates[name].append(measured.rate)
        small, big = statistics.median(rates["small"]), statistics.median(rates["large"])
        print(f"{f'{SMALL_LEDGER:,} entries':46}{small:>11,.0f}")
        print(f"{f'{entries:,} entries':46}{big:>11,.0f}   cost per transfer {small / big:.2f} times as high (≤ 1.15)")

    async def _sized_tenant(self, container: Container, stack: DevelopmentStack, base_url: str, entries: int) -> Path:
        tenant_id, key, wallets = await make_tenant(container, base_url, wallets=WALLETS)
        address = DatabaseAddress(stack.environment["BURSAR_DATABASE_URL"])
        await fill(address, tenant_id, wallets, entries=entries)
        return write_keys(stack.home / f"{entries}.keys", [(key, wallets)])

    async def _one_tenant(self, base_url: str, name: str) -> tuple[Path, list[str]]:
        _, key, wallets = await make_tenant(self._container, base_url, wallets=WALLETS)
        return write_keys(self._stack.home / f"{name}.keys", [(key, wallets)]), wallets

    async def _many_tenants(self, base_url: str) -> Path:
        tenants = []
        for _ in range(TENANTS):
            _, key, wallets = await make_tenant(self._container, base_url, wallets=WALLETS_EACH)
            tenants.append((key, wallets))
        return write_keys(self._stack.home / "spread.keys", tenants)

    async def _rival(self, keys: Path, mode: str, pool_size: int) -> Measurement:
        async with one_transaction(self._stack.environment, self._stack.home, pool_size=pool_size) as api:
            await load("warm-up", api.base_url, keys, mode=mode, seconds=1)
            name = f"one transaction a request, {mode}"
            rounds: list[Measurement] = []
            for _ in range(ROUNDS):
                rounds.append(await load(name, api.base_url, keys, mode=mode, seconds=self._seconds))
                _print_round(f"{mode}, pool of {pool_size}", rounds[-1])
            return _best(rounds)

    async def _interleaved(self, loads: dict[str, Callable[[], Awaitable[Measurement]]]) -> None:
        """Rounds in turns; of each load the best one, so that one hiccup does not decide a ratio."""
        rounds: dict[str, list[Measurement]] = {name: [] for name in loads}
        for _ in range(ROUNDS):
            for name, run in loads.items():
                rounds[name].append(await run())
                _print_round(name, rounds[name][-1])
        for measured in rounds.values():
            self._report(_best(measured))


def _best(rounds: list[Measurement]) -> Measurement:
    return max(rounds, key=lambda measured: measured.rate)


def _print_round(name: str, measured: Measurement) -> None:
    print(f"{f'  (a round of {name})':46}{measured.rate:>11,.0f}{'':9}{measured.p99_ms:>9.1f}", flush=True)


def _judge(found: dict[str, Measurement]) -> None:
    """Ratios and targets."""

    def rate(name: str) -> float | None:
        return found[name].rate if name in found else None

    ratios = (
        ("hot / random, one process (≥ 0.95)", "group commit, hot", "group commit, random"),
        ("hot / random, two processes (≥ 0.8)", "two processes, hot", "two processes, random"),
        ("random / one transaction a request (≥ 2.5)", "group commit, random", "one transaction a request, random"),
        ("hot / one transaction a request (≥ 5)", "group commit, hot", "one transaction a request, hot"),
        ("random / bare groups", "group commit, random", "bare groups, random"),
        ("hot / bare groups", "group commit, hot", "bare groups, hot"),
        ("batches / bare groups' batches", "batches of 1,000", "bare groups, batches of 1,000"),
    )
    print()
    for title, upper, lower in ratios:
        above, below = rate(upper), rate(lower)
        if above is not None and below is not None:
            print(f"{title:46}{above / below:>11.2f}")


def _rss_mb(supervisor_pid: int) -> float:
    """The largest resident set among the supervisor's children, in MB (Linux)."""
    largest = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        if int(fields["PPid"]) == supervisor_pid and "VmRSS" in fields:
            largest = max(largest, int(fields["VmRSS"].split()[0]))
    return largest / 1024


if __name__ == "__main__":
    sys.exit(main())
