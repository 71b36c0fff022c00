"""Compare a tenant's ledger with itself, and keep what was found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.application.integrity.verification import Verification
from core.application.racing import again_after_races
from core.application.reconciliation.beginning import running_reconciliation
from core.domain.identifiers import TenantId
from core.domain.integrity import Finding
from core.domain.reconciliation import Break, Reconciliation, ReconciliationStatus
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReconcileLedgerHandler:
    """
    Every balance against its entries and the last snapshot, every hash, every hold; each difference is a break.

    A break is never corrected by itself. *verify* reads beside running writers. Idempotent: done twice, or by two at
    once, the first result stays; a worker that dies leaves it running, and the sweeper has it done again from the
    beginning.
    """

    verify: Callable[[TenantId], Awaitable[Verification]]
    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> Reconciliation:
        """
        What was compared and found; kept, also when it is clean. The one that was asked for, or a new one.

        Raises:
            Unavailable: If the database cannot be reached; then it is running still.
        """
        running = await again_after_races(lambda: self._begin(tenant_id, trace_id))
        verification = await self.verify(tenant_id)
        return await again_after_races(lambda: self._finish(running, verification))

    async def _begin(self, tenant_id: TenantId, trace_id: str) -> Reconciliation:
        async with self.unit_of_work(trace_id=trace_id) as work:
            running = await running_reconciliation(work, tenant_id, self.ids)
            await work.commit()
        return running

    async def _finish(self, running: Reconciliation, verification: Verification) -> Reconciliation:
        breaks = [_break(number, finding) for number, finding in enumerate(verification.findings, 1)]
        async with self.unit_of_work() as work:
            locked = await work.reconciliations.lock(running.tenant_id, running.id)
            if locked.status is not ReconciliationStatus.RUNNING:
                return locked  # somebody else was faster
            finished = locked.finish(
                accounts=verification.accounts,
                entries=verification.entries,
                breaks=len(breaks),
                now=await work.now(),
            )
            await work.reconciliations.finish(finished, breaks)
            await work.commit()
        return finished


def _break(number: int, finding: Finding) -> Break:
    where = "" if finding.transfer_id is None else f" (transfer {finding.transfer_id})"
    return Break(
        number=number,
        type=finding.kind.value,
        account_id=finding.account_id,
        sequence=finding.sequence,
        detail=finding.detail + where,
    )
