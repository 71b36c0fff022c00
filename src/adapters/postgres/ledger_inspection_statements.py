"""
The SQL that reads the whole ledger: pages by key, each through its index, and two sums over everything.

A partition that was filled within the last minute has no statistics yet, and a planner that takes it for empty would
sort all of it for each page, and compare each row of a page with each row of the table. So sorting is discouraged, and
what belongs to a page's rows is looked up row by row (LATERAL with LIMIT or OFFSET, which no plan turns into a join).
"""

from sqlalchemy import text

from adapters.postgres.journal_partitions import PARTITION_MONTHS

_OLDEST_MONTH = f"(SELECT min(month) FROM ({PARTITION_MONTHS}) AS kept)"

IN_ORDER_OF_INDEXES = text(
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
LONG_STATEMENTS = text("SET LOCAL statement_timeout = '60s'")
LONG_PAUSES = text("SET LOCAL idle_in_transaction_session_timeout = '60s'")
TENANTS = text("SELECT tenant_id FROM tenants ORDER BY tenant_id")
HEADS = text("""
SELECT id, asset, sequence, balance, chain FROM accounts
WHERE tenant_id = :tenant AND id > :after ORDER BY id LIMIT :limit
""")
# In a month without an entry of the tenant no snapshots are taken: those before it still say where it stands.
BEGINNINGS = text(f"""
SELECT DISTINCT ON (account_id) account_id, '' AS asset, sequence, balance, chain FROM balance_snapshots
WHERE tenant_id = :tenant AND account_id > :after AND account_id <= :until AND month < {_OLDEST_MONTH}
ORDER BY account_id, month DESC
""")
SNAPSHOTS = text(f"""
SELECT account_id, '' AS asset, sequence, balance, chain FROM balance_snapshots
WHERE tenant_id = :tenant AND account_id > :after AND account_id <= :until AND month >= {_OLDEST_MONTH}
ORDER BY account_id, month
""")
SIGNED_HEADS = text("""
SELECT account_id, '' AS asset, sequence, balance, chain, number FROM checkpoint_heads
WHERE tenant_id = :tenant AND account_id <= :until AND (account_id, number) > (:account, :number)
ORDER BY account_id, number LIMIT :limit
""")
LINKS = text("""
SELECT entry.account_id, entry.asset, entry.sequence, entry.transfer_id, entry.leg, entry.direction, entry.amount,
       entry.balance_after, entry.chain, entry.posted_at,
       transfer.id, transfer.type, transfer.entry_count, transfer.trace_id, transfer.reference, transfer.description,
       transfer.metadata, transfer.reversal_of, transfer.hold_id
FROM (
    SELECT * FROM entries
    WHERE tenant_id = :tenant AND account_id <= :until
      AND (account_id, posted_at, sequence) > (:account, :posted_at, :sequence)
    ORDER BY account_id, posted_at, sequence LIMIT :limit
) AS entry
LEFT JOIN LATERAL (
    SELECT * FROM transfers
    WHERE tenant_id = :tenant AND id = entry.transfer_id AND posted_at = entry.posted_at LIMIT 1
) AS transfer ON true
ORDER BY entry.account_id, entry.posted_at, entry.sequence
""")
# Both what is registered and what is there; of detached months only the register's rows are left.
TRANSFER_SUMS = text(f"""
SELECT page.id, registered.posted_at < {_OLDEST_MONTH}::timestamp AT TIME ZONE 'UTC' AS detached,
       registered.entry_count, transfer.entry_count AS declared, written.given, written.net
FROM (
    (SELECT transfer_id AS id FROM transfer_register
     WHERE tenant_id = :tenant AND transfer_id > :after ORDER BY transfer_id LIMIT :limit)
    UNION
    (SELECT id FROM transfers WHERE tenant_id = :tenant AND id > :after ORDER BY id LIMIT :limit)
    ORDER BY id LIMIT :limit
) AS page
LEFT JOIN LATERAL (
    SELECT * FROM transfer_register WHERE tenant_id = :tenant AND transfer_id = page.id LIMIT 1
) AS registered ON true
LEFT JOIN LATERAL (
    SELECT * FROM transfers
    WHERE tenant_id = :tenant AND id = page.id AND posted_at = registered.posted_at LIMIT 1
) AS transfer ON true
LEFT JOIN LATERAL (
    SELECT sum(given)::bigint AS given, max(abs(net))::bigint AS net FROM (
        SELECT count(*) AS given, sum(amount * direction) AS net FROM entries AS entry
        WHERE entry.tenant_id = :tenant AND entry.transfer_id = page.id AND entry.posted_at = registered.posted_at
        GROUP BY asset
    ) AS one_asset
) AS written ON true
ORDER BY page.id
""")
TRANSFERS = text("""
SELECT transfer.id, transfer.type, transfer.posted_at, transfer.trace_id, transfer.reference, transfer.description,
       transfer.metadata, transfer.reversal_of, transfer.hold_id,
       entry.leg, entry.account_id, account.wallet_id, account.purpose, entry.asset, entry.sequence, entry.direction,
       entry.amount, entry.balance_after, entry.chain
FROM (SELECT * FROM transfers WHERE tenant_id = :tenant AND id > :after ORDER BY id LIMIT :limit) AS transfer
LEFT JOIN LATERAL (
    SELECT * FROM entries
    WHERE tenant_id = :tenant AND transfer_id = transfer.id AND posted_at = transfer.posted_at OFFSET 0
) AS entry ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts WHERE tenant_id = :tenant AND id = entry.account_id LIMIT 1
) AS account ON true
ORDER BY transfer.id, entry.leg
""")

# In the driver's own notation: over the whole table, they need more time than the driver gives other statements.
WHOLE_TABLE_SECONDS = 65.0
ENTRY_COUNT = "SELECT coalesce(sum(sequence), 0)::bigint FROM accounts WHERE tenant_id = $1"
ASSET_SUMS = """
SELECT asset, sum(balance)::bigint AS difference FROM accounts WHERE tenant_id = $1
GROUP BY asset HAVING sum(balance) <> 0 ORDER BY asset
"""
HOLD_SUMS = """
SELECT wallet_id, coalesce(reserve.balance, 0) - coalesce(held.remaining, 0) AS difference
FROM (
    SELECT wallet_id, sum(amount - captured - released)::bigint AS remaining FROM holds
    WHERE tenant_id = $1 AND status = 'pending' GROUP BY wallet_id
) AS held
FULL JOIN (SELECT wallet_id, balance FROM accounts WHERE tenant_id = $1 AND purpose = 'reserve') AS reserve
    USING (wallet_id)
WHERE coalesce(reserve.balance, 0) <> coalesce(held.remaining, 0)
ORDER BY wallet_id LIMIT 100
"""
