"""Operations in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import parameters_of, table_of, value_in, value_of
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

# Made once: to make a statement of so many columns takes longer than PostgreSQL takes to run it.
_OPERATIONS, _ATTEMPTS = table_of(OperationRow), table_of(OperationAttemptRow)
_ADD = insert(_OPERATIONS).on_conflict_do_nothing().returning(_OPERATIONS.c.id)
_IN_TENANT = select(_OPERATIONS).where(_OPERATIONS.c.tenant_id == bindparam("tenant"))
_GET = _IN_TENANT.where(_OPERATIONS.c.id == bindparam("operation"))
_LOCK = _GET.with_for_update(key_share=True)
_BY_KEY = _IN_TENANT.where(_OPERATIONS.c.key == bindparam("key"))
_LOCK_BY_KEY = _BY_KEY.with_for_update(key_share=True)
_OF_SUBJECT = _IN_TENANT.where(_OPERATIONS.c.subject == bindparam("subject")).order_by(_OPERATIONS.c.id)
_SAVE = (
    update(_OPERATIONS)
    .where(_OPERATIONS.c.tenant_id == bindparam("tenant"), _OPERATIONS.c.id == bindparam("operation"))
    .values({name: bindparam(name) for name in _STANDING})
)
_RECORD = insert(_ATTEMPTS).on_conflict_do_nothing()
_COUNTED = (
    select(_ATTEMPTS.c.attempt)
    .where(
        _ATTEMPTS.c.tenant_id == bindparam("tenant"),
        _ATTEMPTS.c.operation_id == bindparam("operation"),
        _ATTEMPTS.c.attempt == bindparam("number"),
        _ATTEMPTS.c.counted,
    )
    .limit(1)
)


class PostgresOperationRepository:
    """Implements `ports.operation_repository.OperationRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, operation: Operation) -> bool:
        """See `ports.operation_repository.OperationRepository.add`."""
        added = await self._session.scalar(_ADD, _parameters(operation))
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
        values = _parameters(operation)
        standing = {name: values[name] for name in _STANDING}
        await self._session.execute(_SAVE, {"tenant": operation.tenant_id, "operation": operation.id, **standing})

    async def record(self, operation: Operation, attempt: RecordedAttempt) -> None:
        """See `ports.operation_repository.OperationRepository.record`."""
        of = {"tenant_id": operation.tenant_id, "operation_id": operation.id}
        await self._session.execute(_RECORD, of | parameters_of(attempt))

    async def has_recorded(self, operation: Operation, attempt: int) -> bool:
        """See `ports.operation_repository.OperationRepository.has_recorded`."""
        of = {"tenant": operation.tenant_id, "operation": operation.id, "number": attempt}
        return await self._session.scalar(_COUNTED, of) is not None

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
        rows = await self._session.execute(_OF_SUBJECT, {"tenant": tenant_id, "subject": subject})
        return [_operation(row) for row in rows]

    async def page(
        self, tenant_id: TenantId, *, states: frozenset[OperationState], after: OperationId | None, limit: int
    ) -> Sequence[Operation]:
        """See `ports.operation_repository.OperationRepository.page`."""
        query = (
            select(_OPERATIONS)
            .where(OperationRow.tenant_id == tenant_id, OperationRow.state.in_([state.value for state in states]))
            .order_by(OperationRow.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(OperationRow.id > after)
        return [_operation(row) for row in await self._session.execute(query)]

    async def _known_by(self, tenant_id: TenantId, key: UUID, *, for_update: bool) -> Operation | None:
        statement = _LOCK_BY_KEY if for_update else _BY_KEY
        row = (await self._session.execute(statement, {"tenant": tenant_id, "key": key})).one_or_none()
        return None if row is None else _operation(row)

    async def _one(self, tenant_id: TenantId, operation_id: OperationId, *, for_update: bool) -> Operation:
        statement = _LOCK if for_update else _GET
        row = (await self._session.execute(statement, {"tenant": tenant_id, "operation": operation_id})).one_or_none()
        if row is None:
            raise OperationNotFound(f"no operation {operation_id}")
        return _operation(row)


def _parameters(operation: Operation) -> dict[str, Any]:
    return parameters_of(operation) | {"failure": to_json(operation.failure)}


def _operation(row: Row[Any]) -> Operation:
    return value_in(Operation, row, state=OperationState(row.state), failure=from_json(row.failure, Failure))
