"""Reconciliations in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.orchestration_tables import ReconciliationBreakRow, ReconciliationRow
from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import (
    Break,
    Reconciliation,
    ReconciliationKind,
    ReconciliationNotFound,
    ReconciliationStatus,
)


class PostgresReconciliationRepository:
    """Implements `ports.reconciliation_repository.ReconciliationRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, reconciliation: Reconciliation, breaks: Sequence[Break]) -> None:
        """See `ports.reconciliation_repository.ReconciliationRepository.add`."""
        await self._session.execute(insert(ReconciliationRow).values(columns_of(reconciliation)))
        owner = {"tenant_id": reconciliation.tenant_id, "reconciliation_id": reconciliation.id}
        if breaks:
            await self._session.execute(insert(ReconciliationBreakRow), [owner | columns_of(found) for found in breaks])

    async def get(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """See `ports.reconciliation_repository.ReconciliationRepository.get`."""
        row = await self._session.scalar(
            select(ReconciliationRow).where(
                ReconciliationRow.tenant_id == tenant_id, ReconciliationRow.id == reconciliation_id
            )
        )
        if row is None:
            raise ReconciliationNotFound(f"no reconciliation {reconciliation_id}")
        return _reconciliation(row)

    async def breaks(
        self, tenant_id: TenantId, reconciliation_id: ReconciliationId, *, after: int, limit: int
    ) -> Sequence[Break]:
        """See `ports.reconciliation_repository.ReconciliationRepository.breaks`."""
        rows = await self._session.scalars(
            select(ReconciliationBreakRow)
            .where(
                ReconciliationBreakRow.tenant_id == tenant_id,
                ReconciliationBreakRow.reconciliation_id == reconciliation_id,
                ReconciliationBreakRow.number > after,
            )
            .order_by(ReconciliationBreakRow.number)
            .limit(limit)
        )
        return [value_of(Break, row) for row in rows]

    async def page(
        self, tenant_id: TenantId, *, before: ReconciliationId | None, limit: int
    ) -> Sequence[Reconciliation]:
        """See `ports.reconciliation_repository.ReconciliationRepository.page`."""
        query = (
            select(ReconciliationRow)
            .where(ReconciliationRow.tenant_id == tenant_id)
            .order_by(ReconciliationRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(ReconciliationRow.id < before)
        return [_reconciliation(row) for row in await self._session.scalars(query)]


def _reconciliation(row: ReconciliationRow) -> Reconciliation:
    return value_of(Reconciliation, row, kind=ReconciliationKind(row.kind), status=ReconciliationStatus(row.status))
