"""Batches of 1,000 transfers over HTTP."""

import asyncio
import json
import random
import statistics
import time
from uuid import uuid4

import httpx

from benchmarks.measurement import Measurement

SIZE = 1000
CALLERS = 2


async def post_batches(name: str, base_url: str, key: str, wallets: list[str], *, seconds: float) -> Measurement:
    """Two callers post independent batches for *seconds*; the rate counts transfers, the latency whole batches."""
    latencies: list[float] = []
    errors = 0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    bodies = [_body(wallets) for _ in range(4)]
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60) as client:
        until = time.perf_counter() + seconds

        async def caller() -> None:
            nonlocal errors
            while (begun := time.perf_counter()) < until:
                body = random.choice(bodies)
                answer = await client.post(
                    "/v1/transfers/batch", content=body, headers={"Idempotency-Key": uuid4().hex}
                )
                latencies.append(time.perf_counter() - begun)
                errors += answer.content.count(b'"status":201') < SIZE

        begun = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        lasted = time.perf_counter() - begun
    cuts = statistics.quantiles(latencies, n=100)
    return Measurement(name, SIZE * len(latencies) / lasted, cuts[49] * 1000, cuts[98] * 1000, errors, "httpx")


def _body(wallets: list[str]) -> bytes:
    pairs = [random.sample(wallets, 2) for _ in range(SIZE)]
    transfers = [{"from_wallet_id": one, "to_wallet_id": other, "amount": 1} for one, other in pairs]
    return json.dumps({"mode": "independent", "transfers": transfers}).encode()
