"""The SQL of the event log."""

# Tenant by tenant, each tenant's oldest first: one tenant's flood leaves room for the others, and the next call goes on
# behind the last tenant served. Rows are taken by their exact keys: what commits late is late, never skipped.
RECORD = """
WITH RECURSIVE tenant (tenant_id) AS (
    (SELECT tenant_id FROM outbox WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT waiting.tenant_id FROM outbox AS waiting WHERE waiting.tenant_id > tenant.tenant_id
            ORDER BY waiting.tenant_id LIMIT 1)
    FROM tenant WHERE tenant.tenant_id IS NOT NULL
), chosen AS (
    SELECT waiting.tenant_id, waiting.occurred_at, waiting.ordinal, waiting.id
    FROM tenant CROSS JOIN LATERAL (
        SELECT tenant_id, occurred_at, ordinal, id FROM outbox WHERE outbox.tenant_id = tenant.tenant_id
        ORDER BY occurred_at, ordinal, id LIMIT $2
    ) AS waiting
    LIMIT $3
), taken AS (
    DELETE FROM outbox USING chosen
    WHERE outbox.tenant_id = chosen.tenant_id AND outbox.occurred_at = chosen.occurred_at
      AND outbox.ordinal = chosen.ordinal AND outbox.id = chosen.id
    RETURNING outbox.*
), counted AS (
    INSERT INTO event_positions AS known (tenant_id, recorded)
    SELECT tenant_id, count(*) FROM taken GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET recorded = known.recorded + excluded.recorded
    RETURNING tenant_id, recorded
)
INSERT INTO events (tenant_id, position, id, type, subject, trace_id, occurred_at, payload)
SELECT taken.tenant_id,
       counted.recorded - count(*) OVER (PARTITION BY taken.tenant_id)
           + row_number() OVER (PARTITION BY taken.tenant_id ORDER BY taken.occurred_at, taken.ordinal, taken.id),
       taken.id, taken.type, taken.subject, taken.trace_id, taken.occurred_at, taken.payload
FROM taken JOIN counted ON counted.tenant_id = taken.tenant_id
RETURNING tenant_id, position, id, type
"""

# A transfer's event is told from the journal: core.domain.events.TransferEventData, field by field.
_EVENT = """
SELECT event.tenant_id, event.position, event.id, event.type, event.subject, event.trace_id, event.occurred_at,
    coalesce(event.payload::text, (
        SELECT json_build_object(
            'transfer_id', transfer.id, 'type', transfer.type, 'reference', transfer.reference,
            'reversal_of', transfer.reversal_of, 'hold_id', transfer.hold_id,
            'movements', (
                SELECT json_agg(json_build_object(
                    'account_id', entry.account_id, 'wallet_id', account.wallet_id, 'purpose', account.purpose,
                    'asset', entry.asset, 'amount', entry.direction * entry.amount,
                    'balance_after', entry.balance_after) ORDER BY entry.leg)
                FROM entries AS entry
                JOIN accounts AS account ON account.tenant_id = entry.tenant_id AND account.id = entry.account_id
                WHERE entry.tenant_id = event.tenant_id AND entry.transfer_id = event.subject
                  AND entry.posted_at = event.occurred_at
            )
        )::text
        FROM transfers AS transfer
        WHERE transfer.tenant_id = event.tenant_id AND transfer.id = event.subject
          AND transfer.posted_at = event.occurred_at
    )) AS data
"""

PAGE = f"""
{_EVENT}
FROM events AS event WHERE event.tenant_id = $1 AND event.position > $2 ORDER BY event.position LIMIT $3
"""

AT = f"""
{_EVENT}
FROM events AS event WHERE event.tenant_id = $1 AND event.position = ANY($2::bigint[]) ORDER BY event.position
"""

UNPUBLISHED = f"""
{_EVENT}
FROM (
    SELECT recorded.* FROM (
        SELECT tenant_id, published FROM event_positions WHERE published < recorded ORDER BY tenant_id
    ) AS behind
    CROSS JOIN LATERAL (
        SELECT * FROM events WHERE events.tenant_id = behind.tenant_id AND events.position > behind.published
        ORDER BY events.position LIMIT $2
    ) AS recorded
    LIMIT $1
) AS event
ORDER BY event.tenant_id, event.position
"""

MARK_PUBLISHED = """
UPDATE event_positions AS known SET published = given.position
FROM unnest($1::uuid[], $2::bigint[]) AS given (tenant_id, position)
WHERE known.tenant_id = given.tenant_id AND known.published < given.position AND given.position <= known.recorded
"""

PUBLISH_AGAIN = """
UPDATE event_positions AS known SET published = least(known.published, forgotten.first - 1)
FROM (
    SELECT tenant_id, min(position) AS first FROM events WHERE recorded_at >= clock_timestamp() - $1::interval
    GROUP BY tenant_id
) AS forgotten
WHERE known.tenant_id = forgotten.tenant_id
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
