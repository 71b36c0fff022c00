"""Old records, forgotten."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from core.domain.identifiers import TenantId

_FORGET_DELIVERIES = text("""
WITH old AS (
    SELECT tenant_id, id FROM webhook_deliveries
    WHERE tenant_id = :tenant AND status <> 'pending'
      AND created_at < (SELECT schedule_now()) - make_interval(days => :days)
    LIMIT :limit
), gone AS (
    DELETE FROM webhook_deliveries USING old
    WHERE webhook_deliveries.tenant_id = old.tenant_id AND webhook_deliveries.id = old.id RETURNING 1
)
SELECT count(*) FROM gone
""")


class PostgresRecordRetention:
    """Implements `ports.record_retention.RecordRetention`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Delete through *sessions*."""
        self._sessions = sessions

    async def forget_deliveries(self, tenant_id: TenantId, *, older_than_days: int, limit: int) -> int:
        """See `ports.record_retention.RecordRetention.forget_deliveries`."""
        with translated():
            async with self._sessions() as session:
                values = {"tenant": tenant_id, "days": older_than_days, "limit": limit}
                forgotten = (await session.execute(_FORGET_DELIVERIES, values)).scalar_one()
                await session.commit()
                return int(forgotten)
