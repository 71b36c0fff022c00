"""Partitions, month snapshots and old keys in PostgreSQL."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.journal_partitions import PARTITION_MONTHS
from core.domain.identifiers import TenantId

_ACCOUNTS_A_STATEMENT = 1000
_KEYS_A_STATEMENT = 5000
_MAKE = text("""
SELECT make_journal_partitions(
    (date_trunc('month', now() AT TIME ZONE 'UTC') + CAST(:ahead AS integer) * interval '1 month')::date
)
""")
# Up to the first hole: behind it nothing is of use.
_AHEAD = text(f"""
SELECT count(*)::integer - 1 FROM (
    SELECT month, row_number() OVER (ORDER BY month) - 1 AS place FROM ({PARTITION_MONTHS}) AS attached
    WHERE month >= date_trunc('month', now() AT TIME ZONE 'UTC')
) AS coming
WHERE month = date_trunc('month', now() AT TIME ZONE 'UTC') + place * interval '1 month'
""")
# Month ends are UTC, as the partitions' bounds are; an hour later no transaction of that month is still open.
_CLOSED = text(f"""
SELECT month FROM ({PARTITION_MONTHS}) AS attached
WHERE (month + interval '1 month') AT TIME ZONE 'UTC' + interval '1 hour' <= now()
  AND EXISTS (SELECT FROM entries WHERE tenant_id = :tenant
              AND posted_at >= month AT TIME ZONE 'UTC' AND posted_at < (month + interval '1 month') AT TIME ZONE 'UTC')
ORDER BY month
""")
_PAGE_END = text("""
SELECT max(id::text)::uuid FROM (
    SELECT id FROM accounts WHERE tenant_id = :tenant AND id > :after ORDER BY id LIMIT :limit
) AS page
""")
# An account without an entry in the kept partitions stands where the snapshot before says it stood.
_SNAPSHOT = text("""
INSERT INTO balance_snapshots (tenant_id, account_id, month, sequence, balance, chain, taken_at)
SELECT account.tenant_id, account.id, :month, standing.sequence, standing.balance, standing.chain, now()
FROM accounts AS account
CROSS JOIN LATERAL (
    (SELECT entry.sequence, entry.balance_after AS balance, entry.chain FROM entries AS entry
     WHERE entry.tenant_id = account.tenant_id AND entry.account_id = account.id
       AND entry.posted_at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
     ORDER BY entry.posted_at DESC, entry.sequence DESC LIMIT 1)
    UNION ALL
    (SELECT earlier.sequence, earlier.balance, earlier.chain FROM balance_snapshots AS earlier
     WHERE earlier.tenant_id = account.tenant_id AND earlier.account_id = account.id AND earlier.month < :month
     ORDER BY earlier.month DESC LIMIT 1)
    ORDER BY sequence DESC LIMIT 1
) AS standing
WHERE account.tenant_id = :tenant AND account.id > :after AND account.id <= :until
  AND NOT EXISTS (SELECT FROM balance_snapshots AS taken WHERE taken.tenant_id = account.tenant_id
                  AND taken.account_id = account.id AND taken.month = :month)
ON CONFLICT DO NOTHING
RETURNING 1
""")
_FORGET = text("""
DELETE FROM idempotency_keys WHERE (tenant_id, key, item) IN (
    SELECT tenant_id, key, item FROM idempotency_keys
    WHERE tenant_id = :tenant AND created_at < now() - CAST(:days AS integer) * interval '1 day' LIMIT :limit
) RETURNING 1
""")


class PostgresLedgerUpkeep:
    """Implements `ports.ledger_upkeep.LedgerUpkeep`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Work through *sessions*, a short transaction a step."""
        self._sessions = sessions

    async def make_partitions(self, *, months_ahead: int) -> int:
        """Make the journal's partitions up to that many months from now; how many were missing."""
        made = 0
        with translated():
            async with self._sessions() as session:
                for ahead in range(months_ahead + 1):
                    made += int(await session.scalar(_MAKE, {"ahead": ahead}) or 0)
                    await session.commit()
        return made

    async def months_ahead(self) -> int:
        """How many whole months of partitions lie ahead of this one, without a hole; -1 when this one has none."""
        with translated():
            async with self._sessions() as session:
                return int(await session.scalar(_AHEAD) or 0)

    async def closed_months(self, tenant_id: TenantId) -> list[date]:
        """First days of the months with kept entries that ended at least an hour ago, oldest first."""
        with translated():
            async with self._sessions() as session:
                return list(await session.scalars(_CLOSED, {"tenant": tenant_id}))

    async def take_snapshots(self, tenant_id: TenantId, month: date) -> int:
        """Keep where every account stood at that month's end; how many were not kept before."""
        taken = 0
        after = UUID(int=0)
        with translated():
            async with self._sessions() as session:
                while True:
                    page = {"tenant": tenant_id, "after": after, "limit": _ACCOUNTS_A_STATEMENT}
                    until = await session.scalar(_PAGE_END, page)
                    if until is None:
                        return taken
                    values = {"tenant": tenant_id, "month": month, "after": after, "until": until}
                    taken += len((await session.scalars(_SNAPSHOT, values)).all())
                    await session.commit()
                    after = until

    async def forget_keys(self, tenant_id: TenantId, *, older_than_days: int) -> int:
        """Delete idempotency keys older than that; how many."""
        forgotten = 0
        with translated():
            async with self._sessions() as session:
                while True:
                    values = {"tenant": tenant_id, "days": older_than_days, "limit": _KEYS_A_STATEMENT}
                    gone = len((await session.scalars(_FORGET, values)).all())
                    await session.commit()
                    forgotten += gone
                    if gone < _KEYS_A_STATEMENT:
                        return forgotten
