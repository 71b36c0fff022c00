"""Begin a reconciliation of a tenant's ledger with itself, or find the one that is running."""

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import (
    LONGEST_AGE,
    TOO_OLD,
    Reconciliation,
    ReconciliationKind,
    ReconciliationStatus,
)
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork


async def running_reconciliation(work: UnitOfWork, tenant_id: TenantId, ids: IdGenerator) -> Reconciliation:
    """The tenant's only running one, new if there was none or it is older than a day; kept when *work* is."""
    now = await work.now()
    wanted = Reconciliation(
        tenant_id=tenant_id,
        id=ReconciliationId(ids.new()),
        kind=ReconciliationKind.INTERNAL,
        status=ReconciliationStatus.RUNNING,
        started_at=now,
        next_attempt_at=now,
    )
    running = await work.reconciliations.begin(wanted)
    if now - running.started_at <= LONGEST_AGE:
        return running
    old = await work.reconciliations.lock(tenant_id, running.id)
    if old.status is ReconciliationStatus.RUNNING:
        await work.reconciliations.save(old.fail(TOO_OLD, now))
    return await work.reconciliations.begin(wanted)
