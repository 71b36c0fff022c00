"""
`task bench:payments`: card payments captured at once, through the provider's simulator, on servers of its own.

    python -m benchmarks.payments [--clients 8] [--seconds 10] [--without-webhooks]

How many a second, how long each takes, and which process pays for it. Linux only: CPU time is read from /proc.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

from benchmarks.servers import group_commit
from core.application.access.register_tenant import RegisterTenant
from core.domain.access import Environment, Role
from core.domain.identifiers import TenantId
from entrypoints.container import Container
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.development.stack import DevelopmentStack
from entrypoints.embedded.free_port import free_port
from entrypoints.settings import Settings

MERCHANT = "acct_benchmark"
SECRET = "secret-of-the-benchmark"
_WARM_UP_SECONDS = 3.0
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payments")
    parser.add_argument("--clients", type=int, default=8, help="payers at a time (8)")
    parser.add_argument("--seconds", type=float, default=10, help="length of the load (10)")
    parser.add_argument("--without-webhooks", action="store_true", help="the provider tells nothing unasked")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")
    asyncio.run(_measure(arguments.clients, arguments.seconds, has_webhooks=not arguments.without_webhooks))
    return 0


async def _measure(clients: int, seconds: float, *, has_webhooks: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as folder:
        home = Path(folder)
        async with DevelopmentStack(home / "home") as stack:
            environment = {
                **stack.environment,
                "BURSAR_SECRETS_DIRECTORY": str(home / "secrets"),
                "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
            }
            container = Container(settings=Settings.from_environment(environment))
            provider = SimulatorProcess(port=free_port(), log=home / "simulator.log")
            try:
                async with provider, group_commit(environment, home) as api:
                    key, operator_key, tenant_id = await _tenant(container)
                    secrets = home / "secrets" / str(tenant_id)
                    secrets.mkdir(parents=True)
                    (secrets / "key").write_text(SECRET)
                    await _connect(api.base_url, operator_key, provider, has_webhooks=has_webhooks)
                    database = await asyncpg.connect(environment["BURSAR_DATABASE_URL"])
                    await _pay(api.base_url, key, clients, _WARM_UP_SECONDS)
                    before = await _cpu(api.pid, provider.pid, database)
                    begun = time.perf_counter()
                    took = await _pay(api.base_url, key, clients, seconds)
                    lasted = time.perf_counter() - begun
                    after = await _cpu(api.pid, provider.pid, database)
                    await database.close()
            finally:
                await container.database().dispose()
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{len(took) / lasted:,.0f} payments a second at {clients} clients;"
        f" p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    )
    for name, spent in after.items():
        print(f"{name:24}{(spent - before[name]) / len(took) * 1000:>8.2f} ms of CPU a payment")


async def _tenant(container: Container) -> tuple[str, str, TenantId]:
    tenant_id, smith = TenantId(container.ids().new()), container.api_key_smith()
    key, shown = smith.make(tenant_id, name="benchmark", role=Role.APPLICATION, environment=Environment.TEST)
    operator, operator_shown = smith.make(tenant_id, name="ops", role=Role.OPERATOR, environment=Environment.TEST)
    await container.register_tenant()(RegisterTenant(tenant_id=tenant_id, name="Benchmark", keys=[key, operator]))
    return shown, operator_shown, tenant_id


async def _connect(base_url: str, operator_key: str, provider: SimulatorProcess, *, has_webhooks: bool) -> None:
    async with _client(base_url, operator_key) as client:
        answer = await client.post(
            "/v1/admin/gateway-accounts",
            json={
                "gateway": "mock",
                "name": "benchmark",
                "credentials_secret": "key",
                "webhook_secrets": ["key"],
                "settings": {"base_url": provider.base_url, "account": MERCHANT},
            },
        )
        answer.raise_for_status()
    webhook = {"url": base_url + answer.json()["webhook_path"], "secrets": [SECRET]}
    await provider.open_account(MERCHANT, api_keys=[SECRET], webhooks=[webhook] if has_webhooks else [])


async def _pay(base_url: str, key: str, clients: int, seconds: float) -> list[float]:
    """Each client pays into a wallet of its own, again and again; how long each payment took."""
    until = time.perf_counter() + seconds
    took: list[float] = []

    async def payer(client: httpx.AsyncClient) -> None:
        opened = await client.post("/v1/wallets", json={"user_id": uuid4().hex, "asset": "USD"})
        path = f"/v1/wallets/{opened.json()['id']}/deposit"
        while (begun := time.perf_counter()) < until:
            answer = await client.post(
                path,
                json={"amount": 100, "payment_method": "pm_card_ok"},
                headers={"Idempotency-Key": uuid4().hex},
            )
            assert answer.json().get("status") == "captured", answer.text
            took.append(time.perf_counter() - begun)

    async with _client(base_url, key) as client:
        await asyncio.gather(*(payer(client) for _ in range(clients)))
    return took


def _client(base_url: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60, verify=False)


async def _cpu(api: int, provider: int, database: "asyncpg.Connection[asyncpg.Record]") -> dict[str, float]:
    """User and system seconds so far: of the API, of the simulator, of PostgreSQL, and of making the load."""
    postgres = sum(_seconds(row[0]) for row in await database.fetch("SELECT pid FROM pg_stat_activity"))
    return {
        "API": sum(map(_seconds, _with_children(api))),
        "simulator": _seconds(provider),
        "PostgreSQL": postgres,
        "making the load": time.process_time(),
    }


def _with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _with_children(int(child)))]


def _seconds(pid: int) -> float:
    """User and system time of a process so far."""
    # The fields after the name in brackets, which may hold anything: the 12th and 13th are the times.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS


if __name__ == "__main__":
    sys.exit(main())
