"""Reconciliations in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Select, select, update
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
from ports.unit_of_work import TransactionRaced


class PostgresReconciliationRepository:
    """Implements `ports.reconciliation_repository.ReconciliationRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def begin(self, reconciliation: Reconciliation) -> Reconciliation:
        """See `ports.reconciliation_repository.ReconciliationRepository.begin`."""
        adding = insert(ReconciliationRow).values(columns_of(reconciliation)).on_conflict_do_nothing()
        await self._session.execute(adding)
        running = await self._session.scalar(
            select(ReconciliationRow)
            .where(
                ReconciliationRow.tenant_id == reconciliation.tenant_id,
                ReconciliationRow.kind == reconciliation.kind.value,
                ReconciliationRow.status == ReconciliationStatus.RUNNING.value,
            )
            .execution_options(populate_existing=True)
        )
        if running is None:  # the one in the way ended between the two statements
            raise TransactionRaced("another reconciliation has just ended")
        return _reconciliation(running)

    async def lock(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """See `ports.reconciliation_repository.ReconciliationRepository.lock`."""
        return await self._one(_by_id(tenant_id, reconciliation_id).with_for_update(), reconciliation_id)

    async def save(self, reconciliation: Reconciliation) -> None:
        """See `ports.reconciliation_repository.ReconciliationRepository.save`."""
        await self._session.execute(
            update(ReconciliationRow)
            .where(ReconciliationRow.tenant_id == reconciliation.tenant_id, ReconciliationRow.id == reconciliation.id)
            .values(
                status=reconciliation.status.value,
                accounts_checked=reconciliation.accounts_checked,
                entries_checked=reconciliation.entries_checked,
                break_count=reconciliation.break_count,
                finished_at=reconciliation.finished_at,
                attempts=reconciliation.attempts,
                next_attempt_at=reconciliation.next_attempt_at,
                failure=reconciliation.failure,
            )
            .execution_options(synchronize_session=False)
        )

    async def finish(self, reconciliation: Reconciliation, breaks: Sequence[Break]) -> None:
        """See `ports.reconciliation_repository.ReconciliationRepository.finish`."""
        await self.save(reconciliation)
        owner = {"tenant_id": reconciliation.tenant_id, "reconciliation_id": reconciliation.id}
        if breaks:
            await self._session.execute(insert(ReconciliationBreakRow), [owner | columns_of(found) for found in breaks])

    async def get(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """See `ports.reconciliation_repository.ReconciliationRepository.get`."""
        return await self._one(_by_id(tenant_id, reconciliation_id), reconciliation_id)

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

    async def _one(self, query: Select[ReconciliationRow], reconciliation_id: ReconciliationId) -> Reconciliation:
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise ReconciliationNotFound(f"no reconciliation {reconciliation_id}")
        return _reconciliation(row)


def _by_id(tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Select[ReconciliationRow]:
    return select(ReconciliationRow).where(
        ReconciliationRow.tenant_id == tenant_id, ReconciliationRow.id == reconciliation_id
    )


def _reconciliation(row: ReconciliationRow) -> Reconciliation:
    return value_of(Reconciliation, row, kind=ReconciliationKind(row.kind), status=ReconciliationStatus(row.status))
