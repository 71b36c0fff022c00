"""After the faults: everything that is due is done, and both clocks go on until every operation has ended."""

import asyncio
from time import monotonic
from typing import Any

from e2e.counter import Counter

_POLL_SECONDS = 0.1
_SEEN_EMPTY = 2
_STEPS_SECONDS = (0, 60, 120, 300, 900, 3_600, 7_200, 21_600, 21_600)
"""Together less than the 24 h after which a provider forgets keys, payers' time is up, and people are asked."""

_A_DAY_SECONDS = 86_400
_STEPS_AFTER_A_DAY_SECONDS = (_A_DAY_SECONDS, 60, 300, 3_600)

_LEFT = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT count(*) FROM gateway_events WHERE status = 'received') AS unheard,
       (SELECT count(*) FROM operations WHERE next_attempt_at <= (SELECT schedule_now())) AS operations_due
"""
_OPEN = """
SELECT operation.kind, operation.state, operation.attempt, operation.submissions, operation.lookups,
       operation.last_error, operation.next_attempt_at - schedule_now() AS due, payment.status
FROM operations AS operation
LEFT JOIN payments AS payment ON payment.tenant_id = operation.tenant_id AND payment.id = operation.subject
WHERE operation.tenant_id = $1 AND operation.state NOT IN ('succeeded', 'declined', 'rejected')
"""


async def heal(counter: Counter, *, each_within_seconds: float) -> int:
    """
    Until every operation has ended; how many steps of the clocks that took.

    Within a day whatever does not wait for a payer ends; a day later the payers that left have lost their time.
    """
    steps = await _step(counter, _STEPS_SECONDS, each_within_seconds, payers_too=False)
    return steps + await _step(counter, _STEPS_AFTER_A_DAY_SECONDS, each_within_seconds, payers_too=True)


async def _step(counter: Counter, seconds: tuple[int, ...], within_seconds: float, *, payers_too: bool) -> int:
    left: list[dict[str, Any]] = []
    for taken, step in enumerate((*seconds, 0)):
        still_open = await counter.rows(_OPEN, counter.tenant_id)
        left = [row for row in still_open if payers_too or row["status"] != "requires_action"]
        if taken and not left:
            return taken
        if taken == len(seconds):
            break
        if step:
            await counter.later(step)
        await _drain(counter, within_seconds)
    raise AssertionError(f"{len(left)} operations have not ended: {left[:5]}")


async def _drain(counter: Counter, within_seconds: float) -> None:
    """Wait until the provider has told everything, and all that is due here is done."""
    begun, seen_empty = monotonic(), 0
    while seen_empty < _SEEN_EMPTY:
        told = await counter.simulator.control("POST", "/webhooks/settle", {"timeout_seconds": 10})
        [left] = await counter.rows(_LEFT)
        left |= {kind: await counter.queue.count(kind) for kind in ("queued", "active")}
        left["untold"] = not told["idle"]
        seen_empty = 0 if any(left.values()) else seen_empty + 1
        assert monotonic() - begun < within_seconds, left
        await asyncio.sleep(_POLL_SECONDS)
