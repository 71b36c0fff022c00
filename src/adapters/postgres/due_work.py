"""What waits to be done, over all tenants."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.due_webhooks import due_webhook_endpoints
from adapters.postgres.errors import translated
from core.domain.identifiers import GatewayEventId, OperationId, ReconciliationId, TenantId
from core.domain.job_catalogue import APPLY_GATEWAY_EVENT, RUN_OPERATION, RUN_RECONCILIATION
from ports.due_work import DueEndpoint, DueGatewayEvent, DueOperation, DueReconciliation

# The moment is asked once, in a query of its own: a volatile function would be asked for every row, past the index.
_OPERATIONS = text("""
SELECT tenant_id, id, attempt FROM operations
WHERE next_attempt_at <= (SELECT schedule_now())
  AND NOT EXISTS (SELECT FROM dead_letters WHERE status = 'open' AND queue = 'jobs'
                  AND job_key = :prefix || operations.id::text)
ORDER BY next_attempt_at LIMIT :limit
""")
_GATEWAY_EVENTS = text("""
SELECT tenant_id, id FROM gateway_events
WHERE (status = 'received' OR (status = 'unmatched' AND received_at > (SELECT schedule_now()) - interval '1 day'
                               AND applied_at < (SELECT schedule_now()) - interval '5 minutes'))
  AND NOT EXISTS (SELECT FROM dead_letters WHERE status = 'open' AND queue = 'jobs'
                  AND job_key = :prefix || gateway_events.id::text)
ORDER BY received_at LIMIT :limit
""")
_RECONCILIATIONS = text("""
SELECT tenant_id, id FROM reconciliations
WHERE status = 'running' AND kind = 'internal' AND next_attempt_at <= (SELECT schedule_now())
  AND NOT EXISTS (SELECT FROM dead_letters WHERE dead_letters.status = 'open' AND queue = 'jobs'
                  AND job_key = :prefix || reconciliations.id::text)
ORDER BY next_attempt_at LIMIT :limit
""")
_TENANTS = text("SELECT tenant_id FROM tenants ORDER BY tenant_id")


class PostgresDueWork:
    """Implements `ports.due_work.DueWork`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Ask through *sessions*."""
        self._sessions = sessions

    async def operations(self, *, limit: int) -> Sequence[DueOperation]:
        """See `ports.due_work.DueWork.operations`."""
        with translated():
            async with self._sessions() as session:
                rows = await session.execute(_OPERATIONS, {"limit": limit, "prefix": f"{RUN_OPERATION}:"})
                return [DueOperation(TenantId(row[0]), OperationId(row[1]), row[2]) for row in rows]

    async def webhook_endpoints(self, *, limit: int) -> Sequence[DueEndpoint]:
        """See `ports.due_work.DueWork.webhook_endpoints`."""
        with translated():
            async with self._sessions() as session:
                return await due_webhook_endpoints(session, limit=limit)

    async def gateway_events(self, *, limit: int) -> Sequence[DueGatewayEvent]:
        """See `ports.due_work.DueWork.gateway_events`."""
        with translated():
            async with self._sessions() as session:
                rows = await session.execute(_GATEWAY_EVENTS, {"limit": limit, "prefix": f"{APPLY_GATEWAY_EVENT}:"})
                return [DueGatewayEvent(TenantId(row[0]), GatewayEventId(row[1])) for row in rows]

    async def reconciliations(self, *, limit: int) -> Sequence[DueReconciliation]:
        """See `ports.due_work.DueWork.reconciliations`."""
        with translated():
            async with self._sessions() as session:
                rows = await session.execute(_RECONCILIATIONS, {"limit": limit, "prefix": f"{RUN_RECONCILIATION}:"})
                return [DueReconciliation(TenantId(row[0]), ReconciliationId(row[1])) for row in rows]

    async def tenants(self) -> Sequence[TenantId]:
        """See `ports.due_work.DueWork.tenants`."""
        with translated():
            async with self._sessions() as session:
                return [TenantId(row[0]) for row in await session.execute(_TENANTS)]
