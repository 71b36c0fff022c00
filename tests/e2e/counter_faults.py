"""What goes wrong at a counter: lost answers, hangs, webhooks in any order and twice, and workers killed."""

import asyncio
import random

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


async def kill_workers(counter: Counter, *, seed: int, pause_seconds: float) -> None:
    """SIGKILL to one worker after the other, each replaced a moment later, until it is cancelled."""
    rng = random.Random(seed)
    while True:
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause_seconds)
        worker = rng.choice(counter.workers)
        worker.kill()
        await asyncio.sleep(rng.uniform(0, 1.0))
        await worker.start()
