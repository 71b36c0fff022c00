"""Reconciliations, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import Break, Reconciliation


class ReconciliationRepository(Protocol):
    """Written once, with their breaks."""

    async def add(self, reconciliation: Reconciliation, breaks: Sequence[Break]) -> None:
        """Keep one with its breaks."""
        ...

    async def get(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """
        One of them.

        Raises:
            ReconciliationNotFound: If the tenant has none of that id.
        """
        ...

    async def breaks(
        self, tenant_id: TenantId, reconciliation_id: ReconciliationId, *, after: int, limit: int
    ) -> Sequence[Break]:
        """Its next *limit* breaks, numbered above *after*."""
        ...

    async def page(
        self, tenant_id: TenantId, *, before: ReconciliationId | None, limit: int
    ) -> Sequence[Reconciliation]:
        """The next *limit*, newest first, behind *before*."""
        ...
