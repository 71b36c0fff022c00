"""Operations, as a unit of work sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.identifiers import OperationId, TenantId
from core.domain.operations import Operation, OperationState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAttempt:
    """What one attempt saw; *counted* unless it decided nothing: it came too late, or is not about the outcome."""

    attempt: int
    step: str
    outcome: str
    detail: str | None
    counted: bool
    ended_at: datetime


class OperationRepository(Protocol):
    """Rows are locked before they are changed; the database refuses illegal moves a second time."""

    async def add(self, operation: Operation) -> bool:
        """Keep a fresh one; False when its key, or another active one of its subject, is there already."""
        ...

    async def lock(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        """
        The operation, kept from changing until the unit of work ends.

        Raises:
            OperationNotFound: If the tenant has none of that id.
        """
        ...

    async def lock_by_key(self, tenant_id: TenantId, key: UUID) -> Operation | None:
        """The operation that a provider knows by that key, kept from changing; None when there is none."""
        ...

    async def by_key(self, tenant_id: TenantId, key: UUID) -> Operation | None:
        """The operation that a provider knows by that key, as it stands; None when there is none."""
        ...

    async def save(self, operation: Operation) -> None:
        """Write where it stands; what it is for never changes."""
        ...

    async def record(self, operation: Operation, attempt: RecordedAttempt) -> None:
        """Keep what an attempt saw."""
        ...

    async def has_recorded(self, operation: Operation, attempt: int) -> bool:
        """Whether that attempt's outcome was counted already."""
        ...

    async def get(self, tenant_id: TenantId, operation_id: OperationId) -> Operation:
        """
        The operation as it stands.

        Raises:
            OperationNotFound: If the tenant has none of that id.
        """
        ...

    async def attempts(self, tenant_id: TenantId, operation_id: OperationId) -> Sequence[RecordedAttempt]:
        """Everything its attempts saw, in order."""
        ...

    async def of_subject(self, tenant_id: TenantId, subject: UUID) -> Sequence[Operation]:
        """All operations of one subject, oldest first."""
        ...

    async def page(
        self, tenant_id: TenantId, *, states: frozenset[OperationState], after: OperationId | None, limit: int
    ) -> Sequence[Operation]:
        """The next *limit* in one of *states*, behind *after*."""
        ...
