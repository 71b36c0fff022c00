"""Begin a reconciliation of a tenant's ledger with itself, or find the one that is running."""

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import Reconciliation, ReconciliationKind, ReconciliationStatus
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork


async def running_reconciliation(work: UnitOfWork, tenant_id: TenantId, ids: IdGenerator) -> Reconciliation:
    """The tenant's only running one, new if there was none; kept when *work* is."""
    return await work.reconciliations.begin(
        Reconciliation(
            tenant_id=tenant_id,
            id=ReconciliationId(ids.new()),
            kind=ReconciliationKind.INTERNAL,
            status=ReconciliationStatus.RUNNING,
            started_at=await work.now(),
        )
    )
