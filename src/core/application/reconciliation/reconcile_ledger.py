"""Compare a tenant's ledger with itself, and keep what was found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.application.integrity.verification import Verification
from core.application.racing import again_after_races
from core.domain.errors import Unavailable
from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.integrity import Finding
from core.domain.reconciliation import Break, Reconciliation, ReconciliationStatus
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReconcileLedgerHandler:
    """
    Every balance against its entries and the last snapshot, every hash, every hold; each difference is a break.

    A break is never corrected by itself. *verify* reads beside running writers. Idempotent: done twice, or by two at
    once, the first result stays. A worker that dies leaves it running, and the sweeper has it done again from the
    beginning after a pause; after three attempts it has failed, and makes room for the next.
    """

    verify: Callable[[TenantId], Awaitable[Verification]]
    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation:
        """
        What was compared and found; kept, also when it is clean. As it stands, when it is not due.

        Raises:
            ReconciliationNotFound: If the tenant has none of that id.
            Unavailable: If the database cannot be reached; then it is running still, and due after its pause.
        """
        attempted = await again_after_races(lambda: self._attempt(tenant_id, reconciliation_id))
        if attempted is None:
            async with self.unit_of_work() as work:
                return await work.reconciliations.get(tenant_id, reconciliation_id)
        try:
            verification = await self.verify(tenant_id)
        except Unavailable as error:
            why = str(error)
            return await again_after_races(lambda: self._put_off(attempted, why))
        except Exception as error:
            failure = type(error).__name__
            await again_after_races(lambda: self._put_off(attempted, failure))
            raise
        return await again_after_races(lambda: self._finish(attempted, verification))

    async def _attempt(self, tenant_id: TenantId, reconciliation_id: ReconciliationId) -> Reconciliation | None:
        """The reconciliation with one attempt more; None when there is none to make."""
        async with self.unit_of_work() as work:
            locked = await work.reconciliations.lock(tenant_id, reconciliation_id)
            now = await work.now()
            if not locked.is_due(now):
                return None
            attempted = locked.attempt(now)
            await work.reconciliations.save(attempted)
            await work.commit()
        return attempted if attempted.status is ReconciliationStatus.RUNNING else None

    async def _put_off(self, attempted: Reconciliation, failure: str) -> Reconciliation:
        async with self.unit_of_work() as work:
            locked = await work.reconciliations.lock(attempted.tenant_id, attempted.id)
            if locked.status is not ReconciliationStatus.RUNNING or locked.attempts != attempted.attempts:
                return locked  # somebody else ended it, or has begun the next attempt
            after = locked.put_off(failure, await work.now())
            await work.reconciliations.save(after)
            await work.commit()
        return after

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
