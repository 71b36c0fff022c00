"""The SQL of the event log."""

RECORD = "SELECT tenant, place, event, event_type, event_subject FROM record_events($1, $2, $3)"

_EVENT = """
SELECT event.tenant_id, event.position, event.id, event.type, event.subject, event.trace_id, event.occurred_at,
    event.payload
"""

PAGE = f"""
{_EVENT}
FROM events AS event WHERE event.tenant_id = $1 AND event.position > $2 ORDER BY event.position LIMIT $3
"""

# A statement of its own: with "or no type is named" in it, the index by type could not be used.
PAGE_OF_TYPE = f"""
{_EVENT}
FROM events AS event WHERE event.tenant_id = $1 AND event.type = $4 AND event.position > $2
ORDER BY event.position LIMIT $3
"""

AT = f"""
{_EVENT}
FROM events AS event WHERE event.tenant_id = $1 AND event.position = ANY($2::bigint[]) ORDER BY event.position
"""

UNPUBLISHED = f"""
{_EVENT}
FROM (
    SELECT recorded.* FROM (
        SELECT tenant_id, published FROM event_positions WHERE published < recorded AND tenant_id > $3
        ORDER BY tenant_id
    ) AS behind
    CROSS JOIN LATERAL (
        SELECT * FROM events WHERE events.tenant_id = behind.tenant_id AND events.position > behind.published
        ORDER BY events.position LIMIT $2::bigint
    ) AS recorded
    LIMIT $1::bigint
) AS event
ORDER BY event.tenant_id, event.position
"""

MARK_PUBLISHED = """
UPDATE event_positions AS known SET published = given.position
FROM unnest($1::uuid[], $2::bigint[]) AS given (tenant_id, position)
WHERE known.tenant_id = given.tenant_id AND known.published < given.position AND given.position <= known.recorded
"""

# A tenant's positions were given in the order of time and have no gaps, so the first one young enough is found by
# halving: a day may hold more events than can be counted within a statement's time.
PUBLISH_AGAIN = """
WITH RECURSIVE cutoff AS MATERIALIZED (
    SELECT clock_timestamp() - $1::interval AS moment
), search (tenant_id, too_old, wanted) AS (
    SELECT tenant_id, 0::bigint, recorded + 1 FROM event_positions
    UNION ALL
    SELECT search.tenant_id,
           CASE WHEN middle.recorded_at < cutoff.moment THEN middle.position ELSE search.too_old END,
           CASE WHEN middle.recorded_at < cutoff.moment THEN search.wanted ELSE middle.position END
    FROM search CROSS JOIN cutoff JOIN events AS middle
      ON middle.tenant_id = search.tenant_id AND middle.position = (search.too_old + search.wanted) / 2
    WHERE search.wanted - search.too_old > 1
)
UPDATE event_positions AS known
SET published = least(known.published, greatest(forgotten.first - 1, known.recorded - $2::bigint))
FROM (SELECT tenant_id, min(wanted) AS first FROM search GROUP BY tenant_id) AS forgotten
WHERE known.tenant_id = forgotten.tenant_id AND known.published >= forgotten.first
"""

WAITING_SECONDS = """
WITH RECURSIVE tenant (tenant_id) AS (
    (SELECT tenant_id FROM outbox ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT waiting.tenant_id FROM outbox AS waiting WHERE waiting.tenant_id > tenant.tenant_id
            ORDER BY waiting.tenant_id LIMIT 1)
    FROM tenant WHERE tenant.tenant_id IS NOT NULL
)
SELECT extract(epoch FROM clock_timestamp() - min(oldest.occurred_at))
FROM tenant CROSS JOIN LATERAL (
    SELECT occurred_at FROM outbox WHERE outbox.tenant_id = tenant.tenant_id ORDER BY occurred_at LIMIT 1
) AS oldest
"""
