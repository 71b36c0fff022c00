"""
`task bench:webhooks`: what one dead webhook endpoint costs the others, on servers of its own.

    python -m benchmarks.webhooks [--seconds 12] [--events 0.5]

A tenant with forty-nine endpoints, all well, and one with forty-nine that are well and one that takes messages and
never answers, in turns, each for less time than an attempt may last: it hangs all the while. What is measured is the
messages of the forty-nine, from the event to their receipt.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from core.application.access.register_tenant import RegisterTenant
from core.application.webhooks.register_endpoint import RegisterEndpoint
from core.domain.events import NewEvent, OrderEventData
from core.domain.identifiers import OrderId, TenantId, WalletId
from entrypoints.container import Container
from entrypoints.development.stack import DevelopmentStack
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.settings import Settings

ENDPOINTS = 50
ROUNDS = 4
TRACE = "0123456789abcdef0123456789abcdef"
_LEFT_OUT_SECONDS = 2.0
"""A worker's first messages find cold caches: events of this long are not counted."""

_PATIENCE_SECONDS = 60.0
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_DEAD = "/dead"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhooks")
    parser.add_argument("--seconds", type=float, default=12, help="length of each round, below 18 (12)")
    parser.add_argument("--events", type=float, default=0.5, help="events a second, for each endpoint (0.5)")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")
    asyncio.run(_measure(min(arguments.seconds, 18), arguments.events))
    return 0


@dataclass(slots=True)
class Receiver:
    """All endpoints: takes everything at once, but answers nothing on the dead one's path."""

    port: int = 0
    latencies: list[float] = field(default_factory=list[float])
    received: int = 0
    count_from: float = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Request after request."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                (length,) = (int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
                body = await reader.readexactly(length)
                if lines[0].split(" ")[1] == _DEAD:
                    continue
                self._took(body)
                writer.write(_OK)
                await writer.drain()
        writer.transport.abort()

    def _took(self, body: bytes) -> None:
        now = time.time()
        occurred = datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp()
        self.received += 1
        if occurred >= self.count_from:
            self.latencies.append(now - occurred)


@asynccontextmanager
async def _receiving() -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


async def _measure(seconds: float, events_a_second: float) -> None:
    found: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as folder:
        async with DevelopmentStack(Path(folder) / "home") as stack:
            container = Container(settings=Settings.from_environment(stack.environment))
            try:
                for _ in range(ROUNDS):
                    for has_dead in (False, True):
                        latencies = await _round(stack, container, seconds, events_a_second, has_dead=has_dead)
                        found[has_dead] += latencies
                        _print("  (a round of it)", latencies, has_dead=has_dead)
            finally:
                await container.relay_wake().aclose()
                await container.database().dispose()
    for has_dead, latencies in found.items():
        _print(f"{ENDPOINTS - 1} endpoints' messages", latencies, has_dead=has_dead)


async def _round(
    stack: DevelopmentStack, container: Container, seconds: float, events_a_second: float, *, has_dead: bool
) -> list[float]:
    """A tenant and a worker of its own, so that no round finds what another has left."""
    async with _receiving() as receiver:
        tenant_id = await _tenant(container, receiver, has_dead=has_dead)
        worker = WorkerProcess(stack.environment, port=free_port(), log=stack.home / "worker.log")
        async with worker:
            receiver.count_from = time.time() + _LEFT_OUT_SECONDS
            begun, told = time.monotonic(), 0
            while (elapsed := time.monotonic() - begun) < seconds:
                if told <= elapsed * events_a_second:
                    await _tell(container, tenant_id)
                    told += 1
                await asyncio.sleep(0.01)
            wanted = told * (ENDPOINTS - 1)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while receiver.received < wanted:  # noqa: ASYNC110 - counted by another task, and seldom asked
                    await asyncio.sleep(0.05)
    assert receiver.received == wanted, (receiver.received, wanted)
    return receiver.latencies


async def _tenant(container: Container, receiver: Receiver, *, has_dead: bool) -> TenantId:
    """Forty-nine endpoints that are measured, and the dead one, which is told first."""
    tenant_id = TenantId(container.ids().new())
    await container.register_tenant()(RegisterTenant(tenant_id=tenant_id, name="Benchmark", keys=[]))
    paths = [f"/{number}" for number in range(ENDPOINTS - 1)]
    for path in ([_DEAD] if has_dead else []) + paths:
        await container.register_webhook_endpoint()(
            RegisterEndpoint(
                tenant_id=tenant_id,
                url=f"http://127.0.0.1:{receiver.port}{path}",
                event_types=("*",),
                description="",
                secret=None,
                trace_id=TRACE,
            )
        )
    return tenant_id


async def _tell(container: Container, tenant_id: TenantId) -> None:
    """One event, as an order's commit leaves it."""
    order_id = OrderId(uuid4())
    data = OrderEventData(
        order_id=order_id,
        wallet_id=WalletId(uuid4()),
        user_id="alice",
        asset="USD",
        amount=1500,
        status="pending",
        round=0,
        reference=None,
        fulfilment_ref=None,
        failure_code=None,
        failure_message=None,
    )
    async with container.unit_of_work() as work:
        await work.outbox.add(
            [NewEvent(tenant_id=tenant_id, type="order.placed", subject=order_id, trace_id=TRACE, data=data)]
        )
        await work.commit()


def _print(name: str, latencies: list[float], *, has_dead: bool) -> None:
    cuts = statistics.quantiles(latencies, n=100)
    beside = "beside a dead one" if has_dead else "all well"
    print(
        f"{f'{name}, {beside}':46}{len(latencies):>9,} messages, p50 {cuts[49] * 1000:.0f} ms,"
        f" p99 {cuts[98] * 1000:.0f} ms, longest {max(latencies) * 1000:.0f} ms",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
