"""
The posting path's SQL: each statement works on a whole batch, and joins on (tenant_id, id).

Columns of numbers come as text (``$4::text::integer[]``), the way PostgreSQL writes an array: asyncpg takes some 250 ns
for each number in a list, msgspec and PostgreSQL together about 100. unnest fills up shorter columns with NULL, so a
column without any value comes empty.
"""

LOCK_HOLDS = """
SELECT hold.tenant_id, hold.id, hold.wallet_id, hold.asset, hold.amount, hold.captured, hold.released, hold.status,
       hold.expires_at, hold.placed_at, hold.reference, hold.description, hold.metadata
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN holds AS hold USING (tenant_id, id)
ORDER BY hold.tenant_id, hold.id
FOR NO KEY UPDATE OF hold
"""

# One round trip: the accounts, locked in order; the keys, references and reversals that were taken before.
# The clock is read outside the locking part, so after each row's wait: the greatest reading is after every lock.
LOCK_ACCOUNTS_AND_FIND_KEYS = """
WITH locked AS MATERIALIZED (
    SELECT account.tenant_id, account.id, account.asset, account.purpose, account.wallet_id, account.floor,
           account.status, account.debt_allowed, account.balance, account.sequence, account.chain,
           account.last_posted_at
    FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
    JOIN accounts AS account USING (tenant_id, id)
    ORDER BY account.tenant_id, account.id
    FOR NO KEY UPDATE OF account
)
SELECT locked.*, clock_timestamp() AS locked_at,
       NULL::text AS kind, NULL::text AS key, NULL::integer AS item, NULL::bytea AS fingerprint,
       NULL::smallint AS answer_status, NULL::bytea AS answer_body
FROM locked
UNION ALL
SELECT known.tenant_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       'idempotency', known.key, known.item, known.fingerprint, known.status, known.body
FROM unnest($3::uuid[], $4::text[], $5::text::integer[]) AS wanted (tenant_id, key, item)
JOIN idempotency_keys AS known USING (tenant_id, key, item)
UNION ALL
SELECT known.tenant_id, known.transfer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       known.kind, known.value, NULL, NULL, NULL, NULL
FROM unnest($6::uuid[], $7::text[], $8::text[]) AS wanted (tenant_id, kind, value)
JOIN transfer_keys AS known USING (tenant_id, kind, value)
"""

FIND_UNLOCKED_ACCOUNTS = """
SELECT account.tenant_id, account.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN accounts AS account USING (tenant_id, id)
ORDER BY account.tenant_id, account.id
FOR NO KEY UPDATE OF account SKIP LOCKED
"""

FIND_UNLOCKED_HOLDS = """
SELECT hold.tenant_id, hold.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN holds AS hold USING (tenant_id, id)
ORDER BY hold.tenant_id, hold.id
FOR NO KEY UPDATE OF hold SKIP LOCKED
"""

FIND_ACCOUNTS_AND_HOLDS = """
SELECT account.tenant_id, account.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN accounts AS account USING (tenant_id, id)
UNION ALL
SELECT hold.tenant_id, hold.id
FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, id)
JOIN holds AS hold USING (tenant_id, id)
"""

READ_CLOCK = "SELECT clock_timestamp()"

# Everything a batch, or a part of one, appends, in one round trip; how many keys were free. $31: how many events the
# parts before it tell. Entries name their transfer, account and asset
# by position in those columns, which is less to send. They wait for the transfers, whose trigger registers them.
# An asset is looked for among the different ones: in an array of texts PostgreSQL walks to the position.
WRITE_BATCH = """
WITH claimed AS (
    INSERT INTO idempotency_keys (tenant_id, key, item, fingerprint, status, body, trace_id, created_at)
    SELECT tenant_id, key, item, fingerprint, status, body, trace_id, $1
    FROM unnest($2::uuid[], $3::text[], $4::text::integer[], $5::bytea[], $6::text::smallint[], $7::bytea[], $8::text[])
        AS given (tenant_id, key, item, fingerprint, status, body, trace_id)
    ON CONFLICT DO NOTHING
    RETURNING 1
), posted AS (
    INSERT INTO transfers (tenant_id, id, posted_at, type, entry_count, trace_id, reference, description, metadata,
                           reversal_of, hold_id)
    SELECT tenant_id, id, $1, type, entry_count, trace_id, reference, description, metadata::json, reversal_of, hold_id
    FROM unnest($9::uuid[], $10::uuid[], $11::text[], $12::text::smallint[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::uuid[], $18::uuid[])
        AS given (tenant_id, id, type, entry_count, trace_id, reference, description, metadata, reversal_of, hold_id)
    RETURNING 1
), written AS (
    INSERT INTO entries (tenant_id, account_id, posted_at, sequence, transfer_id, leg, direction, asset, amount,
                         balance_after, chain)
    SELECT ($9::uuid[])[transfer], ($19::uuid[])[account], $1, sequence, ($10::uuid[])[transfer], leg,
           leg % 2 * 2 - 1, ($20::text[])[asset], amount, balance_after, chain
    FROM unnest($21::text::integer[], $22::text::integer[], $23::text::smallint[], $24::text::bigint[],
                $25::text::smallint[], $26::text::bigint[], $27::text::bigint[], $28::bytea[])
        AS given (transfer, account, asset, sequence, leg, amount, balance_after, chain)
    WHERE (SELECT count(*) FROM posted) > 0
), announced AS (
    INSERT INTO outbox (tenant_id, id, ordinal, type, subject, trace_id, occurred_at)
    SELECT tenant_id, event_id, $31::integer + ordinality, type, subject, trace_id, $1
    FROM unnest($9::uuid[], $29::uuid[], $30::text[], $10::uuid[], $13::text[])
        WITH ORDINALITY AS given (tenant_id, event_id, type, subject, trace_id, ordinality)
)
SELECT count(*) FROM claimed
"""

INSERT_HOLDS = """
INSERT INTO holds (tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at,
                   reference, description, metadata, trace_id)
SELECT tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at, reference,
       description, metadata::json, trace_id
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[])
    AS given (tenant_id, id, wallet_id, asset, amount, captured, released, status, expires_at, placed_at, reference,
              description, metadata, trace_id)
"""

UPDATE_HOLDS = """
UPDATE holds AS hold SET captured = given.captured, released = given.released, status = given.status
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
    AS given (tenant_id, id, captured, released, status)
WHERE hold.tenant_id = given.tenant_id AND hold.id = given.id
"""
