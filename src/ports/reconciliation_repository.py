"""Reconciliations, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import Break, Reconciliation


class ReconciliationRepository(Protocol):
    """Begun, and finished once with their breaks; of each kind a tenant has one running at most."""

    async def begin(self, reconciliation: Reconciliation) -> Reconciliation:
        """Keep a running one, unless the tenant has one of its kind running already; the one that is running."""
        ...

    async def lock(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """
        One of them, kept from changing until the unit of work ends.

        Raises:
            ReconciliationNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, reconciliation: Reconciliation) -> None:
        """Keep how it stands now; it must be locked."""
        ...

    async def finish(self, reconciliation: Reconciliation, breaks: Sequence[Break]) -> None:
        """Keep its result, with its breaks; it must be locked."""
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
