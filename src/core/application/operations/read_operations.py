"""Read operations and what their attempts saw."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import OperationId, TenantId
from core.domain.operations import Operation, OperationState
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadOperationsHandler:
    """Operations as they stand."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, operation_id: OperationId) -> tuple[Operation, Sequence[RecordedAttempt]]:
        """
        One operation, with everything its attempts saw.

        Raises:
            OperationNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            operation = await work.operations.get(tenant_id, operation_id)
            return operation, await work.operations.attempts(tenant_id, operation_id)

    async def page(
        self, tenant_id: TenantId, *, states: frozenset[OperationState], after: OperationId | None, limit: int
    ) -> Sequence[Operation]:
        """The next *limit* in one of *states*, oldest first."""
        async with self.unit_of_work() as work:
            return await work.operations.page(tenant_id, states=states, after=after, limit=limit)
