"""Read reconciliations."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import Break, Reconciliation
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadReconciliationsHandler:
    """What was compared, and what did not agree."""

    unit_of_work: UnitOfWorkFactory

    async def get(
        self, tenant_id: TenantId, reconciliation_id: ReconciliationId, *, after: int, limit: int
    ) -> tuple[Reconciliation, Sequence[Break]]:
        """
        One with its next *limit* breaks, numbered above *after*.

        Raises:
            ReconciliationNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            reconciliation = await work.reconciliations.get(tenant_id, reconciliation_id)
            return reconciliation, await work.reconciliations.breaks(
                tenant_id, reconciliation_id, after=after, limit=limit
            )

    async def page(
        self, tenant_id: TenantId, *, before: ReconciliationId | None, limit: int
    ) -> Sequence[Reconciliation]:
        """The next *limit*, newest first."""
        async with self.unit_of_work() as work:
            return await work.reconciliations.page(tenant_id, before=before, limit=limit)
