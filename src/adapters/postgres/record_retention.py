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
    WHERE webhook_deliveries.tenant_id = old.tenant_id AND webhook_deliveries.id = old.id
    RETURNING webhook_deliveries.event_position
)
SELECT event_position FROM gone
""")

# A statement of its own: one that deletes deliveries still sees them.
FORGET_MESSAGES = text("""
DELETE FROM webhook_messages AS message
WHERE message.tenant_id = :tenant AND message.event_position = ANY(:positions) AND NOT EXISTS (
    SELECT FROM webhook_deliveries AS delivery
    WHERE delivery.tenant_id = message.tenant_id AND delivery.event_position = message.event_position
)
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
                positions = list(await session.scalars(_FORGET_DELIVERIES, values))
                if positions:
                    await session.execute(FORGET_MESSAGES, {"tenant": tenant_id, "positions": positions})
                await session.commit()
                return len(positions)
