"""Endpoints that have deliveries to be made, over all tenants."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.job_catalogue import DELIVER_WEBHOOKS, QUEUE
from ports.due_work import DueEndpoint

# From endpoint to endpoint along one index, so that the cost is by endpoints with something pending, and never by how
# much that is: a dead endpoint's millions are looked at once. Endpoints that were disabled or deleted have theirs
# canceled by the same job.
_DUE = text("""
WITH RECURSIVE waiting (tenant_id, endpoint_id) AS (
    (SELECT tenant_id, endpoint_id FROM webhook_deliveries WHERE status = 'pending'
     ORDER BY tenant_id, endpoint_id LIMIT 1)
    UNION ALL
    SELECT following.tenant_id, following.endpoint_id FROM waiting CROSS JOIN LATERAL (
        SELECT tenant_id, endpoint_id FROM webhook_deliveries AS delivery
        WHERE delivery.status = 'pending'
          AND (delivery.tenant_id, delivery.endpoint_id) > (waiting.tenant_id, waiting.endpoint_id)
        ORDER BY tenant_id, endpoint_id LIMIT 1
    ) AS following
), now AS MATERIALIZED (SELECT schedule_now() AS moment)
SELECT waiting.tenant_id, waiting.endpoint_id
FROM waiting
CROSS JOIN now
JOIN webhook_endpoints AS endpoint ON endpoint.tenant_id = waiting.tenant_id AND endpoint.id = waiting.endpoint_id
CROSS JOIN LATERAL (
    SELECT next_attempt_at FROM webhook_deliveries AS delivery
    WHERE delivery.tenant_id = waiting.tenant_id AND delivery.endpoint_id = waiting.endpoint_id
      AND delivery.status = 'pending'
    ORDER BY next_attempt_at LIMIT 1
) AS longest
WHERE (endpoint.status = 'disabled' OR endpoint.deleted_at IS NOT NULL
       OR longest.next_attempt_at <= now.moment AND coalesce(endpoint.resume_at <= now.moment, true))
  AND NOT EXISTS (SELECT FROM dead_letters WHERE dead_letters.status = 'open' AND queue = :queue
                  AND job_key = :prefix || waiting.endpoint_id::text)
ORDER BY longest.next_attempt_at LIMIT :limit
""").bindparams(queue=QUEUE, prefix=f"{DELIVER_WEBHOOKS}:")


async def due_webhook_endpoints(session: AsyncSession, *, limit: int) -> Sequence[DueEndpoint]:
    """Those longest overdue, unless paused or stood for by an open dead letter."""
    rows = await session.execute(_DUE, {"limit": limit})
    return [DueEndpoint(TenantId(row[0]), WebhookEndpointId(row[1])) for row in rows]
