"""Verify a tenant's books: everything made again, and the first thing wrong of each account named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.domain.chain import GENESIS
from core.domain.checkpoints import FIRST_NUMBER, Checkpoint, merkle_root
from core.domain.identifiers import TenantId
from core.domain.integrity import AccountWalk, Finding, FindingKind, Head
from ports.checkpoint_repository import CheckpointRepository
from ports.checkpoint_signer import CheckpointChecker
from ports.checkpoint_sink import CheckpointSink
from ports.ledger_inspection import LedgerInspection, LinkPosition

ACCOUNT_PAGE = 500
ENTRY_PAGE = 2000
TRANSFER_PAGE = 2000
CHECKPOINT_PAGE = 100
MAX_FINDINGS = 100


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong: nothing, if the books are right. At most 100 findings are kept."""

    tenant_id: TenantId
    expected_entries: int
    accounts: int = 0
    entries: int = 0
    transfers: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def found(self, finding: Finding | None) -> None:
        """Keep what is wrong."""
        if finding is not None and len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)


Progress = Callable[[Verification], None]


def _silent(_verification: Verification) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class VerifyLedgerHandler:
    """Reads page by page in short statements, beside running writers; memory does not grow with the ledger."""

    inspection: LedgerInspection
    checkpoints: CheckpointRepository
    checker: CheckpointChecker
    sink: CheckpointSink | None

    async def __call__(self, tenant_id: TenantId, *, progress: Progress = _silent) -> Verification:
        """
        Everything about the tenant's books; *progress* is told after every page.

        Raises:
            Unavailable: If the database cannot be read.
        """
        verification = Verification(tenant_id, await self.inspection.entry_count(tenant_id))
        await self._verify_accounts(verification, progress)
        await self._verify_transfers(verification, progress)
        for difference in await self.inspection.differences(tenant_id):
            kind = FindingKind.ASSET_UNBALANCED if difference.account_id is None else FindingKind.HOLDS_DIFFER
            verification.found(
                Finding(kind, f"{difference.name} is off by {difference.difference}", difference.account_id)
            )
        await self._verify_checkpoints(verification, progress)
        return verification

    async def _verify_accounts(self, verification: Verification, progress: Progress) -> None:
        after: UUID | None = None
        while True:
            heads = await self.inspection.heads(verification.tenant_id, after=after, limit=ACCOUNT_PAGE)
            until = heads[-1].account_id if len(heads) == ACCOUNT_PAGE else None
            await self._walk(verification, heads, after=after, until=until, progress=progress)
            if until is None:
                return
            after = until

    async def _walk(
        self,
        verification: Verification,
        heads: Sequence[Head],
        *,
        after: UUID | None,
        until: UUID | None,
        progress: Progress,
    ) -> None:
        """Walk the accounts in (after, until]; entries written after their heads were read are passed over."""
        tenant_id = verification.tenant_id
        walks = {head.account_id: AccountWalk(tenant_id, head.account_id, head.asset) for head in heads}
        for beginning in await self.inspection.beginnings(tenant_id, after=after, until=until):
            if walk := walks.get(beginning.account_id):
                walk.sequence, walk.balance, walk.chain = beginning.sequence, beginning.balance, beginning.chain
        for pin in await self.inspection.pins(tenant_id, after=after, until=until):
            if walk := walks.get(pin.account_id):
                walk.pinned = pin
        last = {head.account_id: head.sequence for head in heads}
        strangers: set[UUID] = set()
        position: LinkPosition | UUID | None = after
        while True:
            links = await self.inspection.links(tenant_id, after=position, until=until, limit=ENTRY_PAGE)
            for placed in links:
                account_id = placed.link.account_id
                if account_id not in walks:
                    strangers.add(account_id)
                elif placed.link.sequence <= last[account_id]:
                    walks[account_id].take(placed.link)
            verification.entries += len(links)
            progress(verification)
            if len(links) < ENTRY_PAGE:
                break
            position = links[-1].position
        for head in heads:
            verification.found(walks[head.account_id].end(head))
        verification.accounts += len(heads)
        await self._judge_strangers(verification, strangers)

    async def _judge_strangers(self, verification: Verification, strangers: set[UUID]) -> None:
        """Entries of accounts that were not listed: opened meanwhile, or gone."""
        for account_id in sorted(strangers):
            before = UUID(int=account_id.int - 1)
            heads = await self.inspection.heads(verification.tenant_id, after=before, limit=1)
            if not heads or heads[0].account_id != account_id:
                verification.found(
                    Finding(FindingKind.ENTRY_WITHOUT_ACCOUNT, "there is no such account", account_id, 1)
                )

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

    async def _verify_checkpoints(self, verification: Verification, progress: Progress) -> None:
        previous, number = GENESIS, FIRST_NUMBER
        while True:
            page = await self.checkpoints.page(verification.tenant_id, after=number - 1, limit=CHECKPOINT_PAGE)
            for checkpoint in page:
                heads = await self.checkpoints.heads(verification.tenant_id, checkpoint.number)
                if why := self._wrong_with(checkpoint, heads, number=number, previous=previous):
                    verification.found(Finding(FindingKind.CHECKPOINT_CHANGED, why))
                    return
                previous, number = checkpoint.digest, number + 1
                verification.checkpoints += 1
            progress(verification)
            if len(page) < CHECKPOINT_PAGE:
                break
        await self._compare_with_copies(verification, number - 1, previous)

    def _wrong_with(self, checkpoint: Checkpoint, heads: Sequence[Head], *, number: int, previous: bytes) -> str | None:
        if checkpoint.number != number:
            return f"checkpoint {number} is missing"
        if checkpoint.previous != previous:
            return f"checkpoint {number} does not follow the one before it"
        if len(heads) != checkpoint.head_count or merkle_root(heads) != checkpoint.root:
            return f"checkpoint {number} signed other account heads"
        if not self.checker.is_genuine(
            public_key=checkpoint.public_key, payload=checkpoint.payload, signature=checkpoint.signature
        ):
            return f"checkpoint {number} has a false signature"
        return None

    async def _compare_with_copies(self, verification: Verification, number: int, digest: bytes) -> None:
        """The copies outside the database show a checkpoint that was taken out of it."""
        copy = None if self.sink is None else await self.sink.latest(verification.tenant_id)
        if copy is None:
            return
        if copy.number > number:
            verification.found(
                Finding(
                    FindingKind.CHECKPOINT_MISSING,
                    f"checkpoint {copy.number} has a copy outside, the database ends at {number}",
                )
            )
        elif copy.number == number and copy.digest != digest:
            verification.found(
                Finding(FindingKind.CHECKPOINT_CHANGED, f"checkpoint {number} differs from its copy outside")
            )
