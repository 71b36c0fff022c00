"""Operations in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.json_columns import from_json, to_json
from adapters.postgres.orchestration_tables import OperationAttemptRow, OperationRow
from core.domain.identifiers import OperationId, TenantId
from core.domain.operations import Operation, OperationNotFound, OperationState
from core.domain.outcomes import Failure
from ports.operation_repository import RecordedAttempt

_STANDING = (
    "state",
    "attempt",
    "submissions",
    "lookups",
    "unknown_since",
    "next_attempt_at",
    "provider_ref",
    "last_error",
    "failure",
    "updated_at",
)


class PostgresOperationRepository:
    """Implements `ports.operation_repository.OperationRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, operation: Operation) -> bool:
        """See `ports.operation_repository.OperationRepository.add`."""
        added = await self._session.scalar(
            insert(OperationRow).values(_columns(operation)).on_conflict_do_nothing().returning(OperationRow.id)
        )
        return added is not None

    async def lock(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        """See `ports.operation_repository.OperationRepository.lock`."""
        return await self._one(tenant_id, operation_id, for_update=True)

    async def get(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        """See `ports.operation_repository.OperationRepository.get`."""
        return await self._one(tenant_id, operation_id, for_update=False)

    async def lock_by_key(self, tenant_id: TenantId, key: UUID) -> Operation | None:
        """See `ports.operation_repository.OperationRepository.lock_by_key`."""
        return await self._known_by(tenant_id, key, for_update=True)

    async def by_key(self, tenant_id: TenantId, key: UUID) -> Operation | None:
        """See `ports.operation_repository.OperationRepository.by_key`."""
        return await self._known_by(tenant_id, key, for_update=False)

    async def save(self, operation: Operation) -> None:
        """See `ports.operation_repository.OperationRepository.save`."""
        values = _columns(operation)
        await self._session.execute(
            update(OperationRow)
            .where(OperationRow.tenant_id == operation.tenant_id, OperationRow.id == operation.id)
            .values({name: values[name] for name in _STANDING})
        )

    async def record(self, operation: Operation, attempt: RecordedAttempt) -> None:
        """See `ports.operation_repository.OperationRepository.record`."""
        await self._session.execute(
            insert(OperationAttemptRow)
            .values(tenant_id=operation.tenant_id, operation_id=operation.id, **columns_of(attempt))
            .on_conflict_do_nothing()
        )

    async def has_recorded(self, operation: Operation, attempt: int) -> bool:
        """See `ports.operation_repository.OperationRepository.has_recorded`."""
        counted = select(OperationAttemptRow.attempt).where(
            OperationAttemptRow.tenant_id == operation.tenant_id,
            OperationAttemptRow.operation_id == operation.id,
            OperationAttemptRow.attempt == attempt,
            OperationAttemptRow.counted,
        )
        return await self._session.scalar(counted.limit(1)) is not None

    async def attempts(self, tenant_id: TenantId, operation_id: OperationId) -> Sequence[RecordedAttempt]:
        """See `ports.operation_repository.OperationRepository.attempts`."""
        rows = await self._session.scalars(
            select(OperationAttemptRow)
            .where(OperationAttemptRow.tenant_id == tenant_id, OperationAttemptRow.operation_id == operation_id)
            .order_by(OperationAttemptRow.attempt, OperationAttemptRow.ended_at)
        )
        return [value_of(RecordedAttempt, row) for row in rows]

    async def of_subject(self, tenant_id: TenantId, subject: UUID) -> Sequence[Operation]:
        """See `ports.operation_repository.OperationRepository.of_subject`."""
        rows = await self._session.scalars(
            select(OperationRow)
            .where(OperationRow.tenant_id == tenant_id, OperationRow.subject == subject)
            .order_by(OperationRow.id)
        )
        return [_operation(row) for row in rows]

    async def page(
        self, tenant_id: TenantId, *, states: frozenset[OperationState], after: OperationId | None, limit: int
    ) -> Sequence[Operation]:
        """See `ports.operation_repository.OperationRepository.page`."""
        query = (
            select(OperationRow)
            .where(OperationRow.tenant_id == tenant_id, OperationRow.state.in_([state.value for state in states]))
            .order_by(OperationRow.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(OperationRow.id > after)
        return [_operation(row) for row in await self._session.scalars(query)]

    async def _known_by(self, tenant_id: TenantId, key: UUID, *, for_update: bool) -> Operation | None:
        query = select(OperationRow).where(OperationRow.tenant_id == tenant_id, OperationRow.key == key)
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _operation(row)

    async def _one(self, tenant_id: TenantId, operation_id: OperationId, *, for_update: bool) -> Operation:
        query = select(OperationRow).where(OperationRow.tenant_id == tenant_id, OperationRow.id == operation_id)
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise OperationNotFound(f"no operation {operation_id}")
        return _operation(row)


def _columns(operation: Operation) -> dict[str, Any]:
    return columns_of(operation) | {"failure": to_json(operation.failure)}


def _operation(row: OperationRow) -> Operation:
    return value_of(Operation, row, state=OperationState(row.state), failure=from_json(row.failure, Failure))
