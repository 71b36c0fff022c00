"""The posting path's SQL: each statement works on a whole batch, and joins on (tenant_id, id)."""

FIND_KEYS = """
SELECT known.tenant_id, known.key, known.item, known.fingerprint, known.status, known.body
FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS wanted (tenant_id, key, item)
JOIN idempotency_keys AS known USING (tenant_id, key, item)
"""

FIND_TRANSFER_KEYS = """
SELECT known.tenant_id, known.kind, known.value, known.transfer_id
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, kind, value)
JOIN transfer_keys AS known USING (tenant_id, kind, value)
"""

LOCK_HOLDS = """
SELECT hold.tenant_id, hold.id, hold.wallet_id, hold.asset, hold.amount, hold.captured, hold.released, hold.status,
       hold.expires_at, hold.placed_at, hold.reference, hold.description, hold.metadata
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN holds AS hold USING (tenant_id, id)
ORDER BY hold.tenant_id, hold.id
FOR NO KEY UPDATE OF hold
"""

# The clock is read outside the locking part, so after each row's wait: the greatest reading is after every lock.
LOCK_ACCOUNTS = """
WITH locked AS MATERIALIZED (
    SELECT account.tenant_id, account.id, account.asset, account.purpose, account.wallet_id, account.floor,
           account.status, account.debt_allowed, account.balance, account.sequence, account.chain,
           account.last_posted_at
    FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
    JOIN accounts AS account USING (tenant_id, id)
    ORDER BY account.tenant_id, account.id
    FOR NO KEY UPDATE OF account
)
SELECT *, clock_timestamp() AS locked_at FROM locked
"""

FIND_UNLOCKED_ACCOUNTS = """
SELECT account.tenant_id, account.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN accounts AS account USING (tenant_id, id)
ORDER BY account.tenant_id, account.id
FOR NO KEY UPDATE OF account SKIP LOCKED
"""

FIND_ACCOUNTS = """
SELECT account.tenant_id, account.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN accounts AS account USING (tenant_id, id)
"""

READ_CLOCK = "SELECT clock_timestamp()"

INSERT_KEYS = """
INSERT INTO idempotency_keys (tenant_id, key, item, fingerprint, status, body, trace_id, created_at)
SELECT tenant_id, key, item, fingerprint, status, body, trace_id, $8
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bytea[], $5::smallint[], $6::bytea[], $7::text[])
    AS given (tenant_id, key, item, fingerprint, status, body, trace_id)
ORDER BY tenant_id, key, item
ON CONFLICT DO NOTHING
"""

INSERT_TRANSFERS = """
INSERT INTO transfers (tenant_id, id, posted_at, type, entry_count, trace_id, reference, description, metadata,
                       reversal_of, hold_id)
SELECT tenant_id, id, $11, type, entry_count, trace_id, reference, description, metadata::json, reversal_of, hold_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::uuid[], $10::uuid[])
    AS given (tenant_id, id, type, entry_count, trace_id, reference, description, metadata, reversal_of, hold_id)
"""

INSERT_ENTRIES = """
INSERT INTO entries (tenant_id, account_id, posted_at, sequence, transfer_id, leg, direction, asset, amount,
                     balance_after, chain)
SELECT tenant_id, account_id, $11, sequence, transfer_id, leg, direction, asset, amount, balance_after, chain
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::smallint[], $6::smallint[], $7::text[],
            $8::bigint[], $9::bigint[], $10::bytea[])
    AS given (tenant_id, account_id, sequence, transfer_id, leg, direction, asset, amount, balance_after, chain)
"""

INSERT_HOLDS = """
INSERT INTO holds (tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at,
                   reference, description, metadata)
SELECT tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at, reference,
       description, metadata::json
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[])
    AS given (tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at, reference,
              description, metadata)
"""

UPDATE_HOLDS = """
UPDATE holds AS hold SET captured = given.captured, released = given.released, status = given.status
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
    AS given (tenant_id, id, captured, released, status)
WHERE hold.tenant_id = given.tenant_id AND hold.id = given.id
"""

INSERT_OUTBOX = """
INSERT INTO outbox (tenant_id, id, ordinal, type, subject, trace_id, occurred_at)
SELECT tenant_id, id, ordinality, type, subject, trace_id, $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[]) WITH ORDINALITY
    AS given (tenant_id, id, type, subject, trace_id, ordinality)
"""
