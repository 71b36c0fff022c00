"""Verify a tenant's books: everything made again, and the first thing wrong of each account named."""

from dataclasses import dataclass
from uuid import UUID

from core.application.integrity.verification import Progress, Verification, silent
from core.application.integrity.verify_accounts import verify_accounts
from core.application.integrity.verify_checkpoints import verify_checkpoints
from core.domain.identifiers import TenantId
from core.domain.integrity import Finding, FindingKind
from ports.checkpoint_repository import CheckpointRepository
from ports.checkpoint_signer import CheckpointChecker
from ports.checkpoint_sink import CheckpointSink
from ports.ledger_inspection import LedgerInspection

__all__ = ["Verification", "VerifyLedgerHandler"]

TRANSFER_PAGE = 2000


@dataclass(frozen=True, slots=True)
class VerifyLedgerHandler:
    """
    Reads page by page in short statements, beside running writers.

    Memory does not grow with the entries; of one checkpoint all heads are in memory at a time.
    """

    inspection: LedgerInspection
    checkpoints: CheckpointRepository
    checker: CheckpointChecker
    sink: CheckpointSink | None

    async def __call__(self, tenant_id: TenantId, *, progress: Progress = silent) -> Verification:
        """
        Everything about the tenant's books; *progress* is told after every page.

        The checkpoints come first: what accounts are compared with is trusted no more than they are.

        Raises:
            Unavailable: If the database cannot be read.
        """
        verification = Verification(tenant_id, await self.inspection.entry_count(tenant_id))
        await verify_checkpoints(
            verification, self.checkpoints, checker=self.checker, sink=self.sink, progress=progress
        )
        await verify_accounts(verification, self.inspection, progress)
        await self._verify_transfers(verification, progress)
        for difference in await self.inspection.differences(tenant_id):
            kind = FindingKind.ASSET_UNBALANCED if difference.account_id is None else FindingKind.HOLDS_DIFFER
            verification.found(
                Finding(kind, f"{difference.name} is off by {difference.difference}", difference.account_id)
            )
        return verification

    async def _verify_transfers(self, verification: Verification, progress: Progress) -> None:
        after: UUID | None = None
        while True:
            wrong, after, seen = await self.inspection.incomplete_transfers(
                verification.tenant_id, after=after, limit=TRANSFER_PAGE
            )
            for transfer_id, why in wrong:
                kind = FindingKind.TRANSFER_UNBALANCED if "differ" in why else FindingKind.TRANSFER_INCOMPLETE
                verification.found(Finding(kind, why, transfer_id=transfer_id))
            verification.transfers += seen
            progress(verification)
            if after is None:
                return
