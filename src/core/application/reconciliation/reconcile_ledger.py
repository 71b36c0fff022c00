"""Compare a tenant's ledger with itself, and keep what was found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.application.integrity.verification import Verification
from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.integrity import Finding
from core.domain.reconciliation import Break, Reconciliation, ReconciliationKind, ReconciliationStatus
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReconcileLedgerHandler:
    """
    Every balance against its entries and the last snapshot, every hash, every hold; each difference is a break.

    A break is never corrected by itself. *verify* reads beside running writers.
    """

    verify: Callable[[TenantId], Awaitable[Verification]]
    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> Reconciliation:
        """
        What was compared and found; kept, also when it is clean.

        Raises:
            Unavailable: If the database cannot be reached; nothing is kept then.
        """
        started_at = self.clock.now()
        verification = await self.verify(tenant_id)
        breaks = [_break(number, finding) for number, finding in enumerate(verification.findings, 1)]
        reconciliation = Reconciliation(
            tenant_id=tenant_id,
            id=ReconciliationId(self.ids.new()),
            kind=ReconciliationKind.INTERNAL,
            status=ReconciliationStatus.BROKEN if breaks else ReconciliationStatus.CLEAN,
            accounts_checked=verification.accounts,
            entries_checked=verification.entries,
            break_count=len(breaks),
            started_at=started_at,
            finished_at=self.clock.now(),
        )
        async with self.unit_of_work(trace_id=trace_id) as work:
            await work.reconciliations.add(reconciliation, breaks)
            await work.commit()
        return reconciliation


def _break(number: int, finding: Finding) -> Break:
    where = "" if finding.transfer_id is None else f" (transfer {finding.transfer_id})"
    return Break(
        number=number,
        type=finding.kind.value,
        account_id=finding.account_id,
        sequence=finding.sequence,
        detail=finding.detail + where,
    )
