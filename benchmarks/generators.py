"""Where load comes from: wrk, or, loudly, our own generator when wrk is not installed."""

import asyncio
import itertools
import json
import os
import random
import shutil
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.measurement import Measurement

CONNECTIONS = 64
_SCRIPT = Path(__file__).with_name("load.lua")
_WRK_EXTRA_SECONDS = 20


async def load(name: str, base_url: str, keys_file: Path, *, mode: str, seconds: float) -> Measurement:
    """*mode* is random, hot or read, at 64 connections for *seconds*; *keys_file* has "key wallet" lines."""
    if shutil.which("wrk"):
        return await _wrk(name, base_url, keys_file, mode=mode, seconds=seconds)
    return await _own(name, base_url, keys_file, mode=mode, seconds=seconds)


def announce() -> None:
    """Say which generator is used; its absence must not go unnoticed."""
    if not shutil.which("wrk"):
        print(
            "\n*** wrk is not installed: our own generator makes the load. It shares the machine's cores with what it\n"
            "*** measures and is itself the limit; the figures below are GENERATOR-BOUND. Install wrk for real ones.\n",
            file=sys.stderr,
        )


async def _wrk(name: str, base_url: str, keys_file: Path, *, mode: str, seconds: float) -> Measurement:
    process = await asyncio.create_subprocess_exec(
        "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(_SCRIPT), base_url,
        env={**os.environ, "KEYS": str(keys_file), "MODE": mode},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(seconds + _WRK_EXTRA_SECONDS):
        output, _ = await process.communicate()
    told = json.loads(output.decode().strip().splitlines()[-1])
    return Measurement(name, told["requests"] / told["seconds"], told["p50_ms"], told["p99_ms"], told["errors"], "wrk")


async def _own(name: str, base_url: str, keys_file: Path, *, mode: str, seconds: float) -> Measurement:
    wallets = _wallets_by_key(keys_file)
    latencies: list[float] = []
    errors = 0
    until = time.perf_counter() + seconds
    address = urlsplit(base_url)
    keys, numbers, prefix = list(wallets), itertools.count(), uuid4().hex

    async def connection() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while time.perf_counter() < until:
            key = random.choice(keys)
            request = _request(mode, key, wallets[key], f"{prefix}-{next(numbers)}")
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - begun)
            errors += not head.startswith(b"HTTP/1.1 20")
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    cuts = statistics.quantiles(latencies, n=100)
    return Measurement(
        name, len(latencies) / seconds, cuts[49] * 1000, cuts[98] * 1000, errors, "own (generator-bound)"
    )


def _wallets_by_key(keys_file: Path) -> dict[str, list[str]]:
    wallets: dict[str, list[str]] = {}
    for line in keys_file.read_text().splitlines():
        key, wallet_id = line.split()
        wallets.setdefault(key, []).append(wallet_id)
    return wallets


def _request(mode: str, key: str, wallets: list[str], idempotency_key: str) -> bytes:
    authorization = f"authorization: Bearer {key}\r\nhost: bench\r\n"
    if mode == "read":
        return f"GET /v1/wallets/{random.choice(wallets)}/balance HTTP/1.1\r\n{authorization}\r\n".encode()
    source, destination = random.sample(wallets, 2)
    if mode == "hot":
        source, destination = wallets[0], random.choice(wallets[1:])
    body = json.dumps({"from_wallet_id": source, "to_wallet_id": destination, "amount": random.randint(1, 100)})
    return (
        f"POST /v1/transfers HTTP/1.1\r\n{authorization}content-type: application/json\r\n"
        f"idempotency-key: {idempotency_key}\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    ).encode()
