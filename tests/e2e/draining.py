"""When nothing is left to do: queues and outbox by themselves, the rest once the clock of schedules is moved."""

import asyncio
from time import monotonic

import asyncpg

from core.domain.identifiers import TenantId
from e2e.shop import Shop

DRAINED_WITHIN_SECONDS = 60.0
"""What is promised after everything is healed (design: orchestration, "Schedules")."""

_SEEN_EMPTY = 2
_POLL_SECONDS = 0.1
_STEPS = ("1 minute", "2 minutes", "5 minutes", "15 minutes", "1 hour", "2 hours", "6 hours", "6 hours")
"""Together less than the 24 h after which an unknown outcome is shown to a person."""

_LEFT = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT coalesce(sum(recorded - published), 0)::bigint FROM event_positions) AS unpublished,
       (SELECT count(*) FROM operations WHERE next_attempt_at <= (SELECT schedule_now())) AS operations_due,
       (SELECT count(*) FROM webhook_deliveries AS delivery
        WHERE delivery.status = 'pending' AND next_attempt_at <= (SELECT schedule_now())) AS deliveries_due
"""
_UNENDED = """
SELECT (SELECT count(*) FROM orders WHERE tenant_id = $1 AND status NOT IN ('completed', 'failed'))
     + (SELECT count(*) FROM webhook_deliveries WHERE tenant_id = $1 AND status = 'pending')
"""


async def drain(shop: Shop) -> float:
    """Wait until queue, outbox and all that is due are empty; how long that took, 60 s at most."""
    connection = await asyncpg.connect(shop.admin_url)
    begun, seen_empty = monotonic(), 0
    left: dict[str, int] = {}
    try:
        while seen_empty < _SEEN_EMPTY:
            left = dict(await connection.fetchrow(_LEFT) or {})
            left |= {kind: await shop.queue.count(kind) for kind in ("queued", "active")}
            seen_empty = 0 if any(left.values()) else seen_empty + 1
            assert monotonic() - begun < DRAINED_WITHIN_SECONDS, left
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        await connection.close()
    return monotonic() - begun


async def end_by_schedule(shop: Shop, tenant_id: TenantId) -> int:
    """Move the clock step by step until every order and every delivery of the tenant has ended; how many steps."""
    connection = await asyncpg.connect(shop.admin_url)
    try:
        for taken, step in enumerate(_STEPS):
            if await connection.fetchval(_UNENDED, tenant_id) == 0:
                return taken
            await shop.later(step)
            await drain(shop)
        left = await connection.fetch(
            "SELECT state, attempt, submissions, lookups, last_error, next_attempt_at - schedule_now() AS due"
            " FROM operations WHERE tenant_id = $1 AND state NOT IN ('succeeded', 'declined', 'rejected')",
            tenant_id,
        )
        assert await connection.fetchval(_UNENDED, tenant_id) == 0, [dict(row) for row in left]
    finally:
        await connection.close()
    return len(_STEPS)
