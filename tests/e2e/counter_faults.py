"""What goes wrong at a counter: lost answers, hangs, webhooks in any order and twice, and workers killed."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from e2e.counter import MERCHANT, Counter

LOST_AFTER, LOST_BEFORE = 0.15, 0.05
HANGS_AFTER, HANGS_BEFORE = 0.025, 0.025
"""Shares of all requests to the provider."""

_WEBHOOKS = {"duplicate_percent": 30, "reorder_window_seconds": 3, "delay_seconds": 0.1}


async def begin_to_misbehave(counter: Counter, *, seed: int) -> None:
    """From now on, until `behave_again`."""
    left = 1.0
    for number, (fault, share) in enumerate(
        (
            ("hang_after", HANGS_AFTER),
            ("hang_before", HANGS_BEFORE),
            ("drop_after_effect", LOST_AFTER),
            ("drop_before_effect", LOST_BEFORE),
        )
    ):
        # The first rule that takes a request decides: the next ones are asked about the others only.
        rule = {"fault": fault, "match": {"path": "/v1/*"}, "probability": share / left, "seed": seed + number}
        await counter.simulator.control("POST", "/faults", rule)
        left -= share
    await counter.simulator.control("PUT", f"/accounts/{MERCHANT}/webhook_behaviour", _WEBHOOKS)


async def behave_again(counter: Counter) -> dict[str, int]:
    """No more faults; how many of each there were."""
    rules = (await counter.simulator.control("GET", "/faults"))["data"]
    await counter.simulator.control("DELETE", "/faults")
    await counter.simulator.control("PUT", f"/accounts/{MERCHANT}/webhook_behaviour", {})
    return {rule["fault"]: rule["hits"] for rule in rules}


@asynccontextmanager
async def workers_killed(counter: Counter, *, seed: int, pause_seconds: float) -> AsyncGenerator[list[float]]:
    """SIGKILL to one worker after the other, each replaced a moment later, for the time of a block: when each was."""
    kills: list[float] = []
    killing = asyncio.create_task(_kill(counter, kills, random.Random(seed), pause_seconds))
    try:
        yield kills
    finally:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
        for worker in counter.workers:
            if worker.has_ended():
                await worker.start()


async def _kill(counter: Counter, kills: list[float], rng: random.Random, pause_seconds: float) -> None:
    while True:
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause_seconds)
        worker = rng.choice(counter.workers)
        worker.kill()
        kills.append(monotonic())
        await asyncio.sleep(rng.uniform(0, 1.0))
        await worker.start()
