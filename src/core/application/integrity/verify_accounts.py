"""Verify the accounts: each walked entry by entry, past every head that a checkpoint signed or a snapshot keeps."""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import UUID

from core.application.integrity.verification import Progress, Verification
from core.domain.identifiers import TenantId
from core.domain.integrity import AccountWalk, Finding, FindingKind, Head, Link
from ports.ledger_inspection import HeadPosition, LedgerInspection, LinkPosition, SignedHead

ACCOUNT_PAGE = 500
ENTRY_PAGE = 2000
SIGNED_HEAD_PAGE = 2000
_STRANGERS_AT_ONCE = 1000


async def verify_accounts(verification: Verification, inspection: LedgerInspection, progress: Progress) -> None:
    """
    Walk every account, and name the first thing wrong of each.

    Writers go on meanwhile: an account is walked up to where it stood when it was listed, and what lies behind that
    only has to be known to the account by now.

    Raises:
        Unavailable: If the database cannot be read.
    """
    after: UUID | None = None
    while True:
        heads = await inspection.heads(verification.tenant_id, after=after, limit=ACCOUNT_PAGE)
        until = heads[-1].account_id if len(heads) == ACCOUNT_PAGE else None
        page = _AccountPage(verification, inspection, after, until, {head.account_id: head for head in heads})
        await page.walk(progress)
        if until is None:
            return
        after = until


@dataclass(slots=True)
class _AccountPage:
    """
    The accounts in (after, until].

    Attributes:
        furthest: The last entry seen of accounts that have more than their head says.
        strangers: What is wrong with accounts that were not listed, unless they were opened meanwhile.
        judged: Strangers already looked up.
    """

    verification: Verification
    inspection: LedgerInspection
    after: UUID | None
    until: UUID | None
    heads: dict[UUID, Head]
    walks: dict[UUID, AccountWalk] = field(default_factory=dict[UUID, AccountWalk])
    furthest: dict[UUID, int] = field(default_factory=dict[UUID, int])
    strangers: dict[UUID, Finding] = field(default_factory=dict[UUID, Finding])
    judged: set[UUID] = field(default_factory=set[UUID])

    async def walk(self, progress: Progress) -> None:
        """Walk them all."""
        await self._begin()
        signed = _SignedHeads(self.inspection, self.verification.tenant_id, self.after, self.until)
        position: LinkPosition | UUID | None = self.after
        while True:
            links = await self.inspection.links(
                self.verification.tenant_id, after=position, until=self.until, limit=ENTRY_PAGE
            )
            is_last = len(links) < ENTRY_PAGE
            async for head in signed.up_to(None if is_last else links[-1].link):
                await self._expect(head)
            for placed in links:
                self._take(placed.link)
            await self._judge_strangers()
            self.verification.entries += len(links)
            progress(self.verification)
            if is_last:
                break
            position = links[-1].position
        await self._end()

    async def _begin(self) -> None:
        tenant_id = self.verification.tenant_id
        self.walks = {
            head.account_id: AccountWalk(tenant_id, head.account_id, head.asset) for head in self.heads.values()
        }
        for beginning in await self.inspection.beginnings(tenant_id, after=self.after, until=self.until):
            if walk := self.walks.get(beginning.account_id):
                walk.begin_at(beginning)
                self.verification.snapshots += 1
                self.verification.expected_entries -= beginning.sequence
        for snapshot in await self.inspection.snapshots(tenant_id, after=self.after, until=self.until):
            if walk := self.walks.get(snapshot.account_id):
                walk.expect(snapshot, FindingKind.SNAPSHOT_WRONG)

    async def _expect(self, signed: Head) -> None:
        walk = self.walks.get(signed.account_id)
        if walk is not None:
            walk.expect(signed, FindingKind.BEHIND_CHECKPOINT)
            return
        why = "a checkpoint signed entries of this account, there is no such account"
        finding = Finding(FindingKind.BEHIND_CHECKPOINT, why, signed.account_id, 1)
        self.strangers.setdefault(signed.account_id, finding)
        if len(self.strangers) >= _STRANGERS_AT_ONCE:
            await self._judge_strangers()

    def _take(self, link: Link) -> None:
        head = self.heads.get(link.account_id)
        if head is None:
            known = self.strangers.get(link.account_id)
            if known is None or known.kind is FindingKind.BEHIND_CHECKPOINT:
                self.strangers[link.account_id] = Finding(
                    FindingKind.ENTRY_WITHOUT_ACCOUNT, "there is no such account", link.account_id, link.sequence
                )
        elif link.sequence <= head.sequence:
            self.walks[link.account_id].take(link)
        else:
            self.furthest[link.account_id] = max(link.sequence, self.furthest.get(link.account_id, 0))

    async def _judge_strangers(self) -> None:
        """Accounts that were not listed: opened meanwhile, or gone."""
        for account_id in sorted(self.strangers.keys() - self.judged):
            if await self._head_now(account_id) is None:
                self.verification.found(self.strangers[account_id])
        self.judged = set(self.strangers)
        self.strangers.clear()

    async def _end(self) -> None:
        for account_id, head in self.heads.items():
            walk, furthest = self.walks[account_id], self.furthest.get(account_id, 0)
            told = max(furthest, walk.furthest_expected)
            if walk.finding is None and told > head.sequence:
                now = await self._head_now(account_id)
                if now is not None and now.sequence >= told:
                    walk.expect_no_more()
                    furthest = 0
            self.verification.found(walk.end(head, furthest=furthest))
        self.verification.accounts += len(self.heads)

    async def _head_now(self, account_id: UUID) -> Head | None:
        """Where the account stands by now, or None when there is none."""
        before = UUID(int=max(account_id.int - 1, 0))
        heads = await self.inspection.heads(self.verification.tenant_id, after=before, limit=1)
        return heads[0] if heads and heads[0].account_id == account_id else None


class _SignedHeads:
    """What checkpoints signed of the accounts in (after, until], a page at a time, in the order of the entries."""

    def __init__(
        self, inspection: LedgerInspection, tenant_id: TenantId, after: UUID | None, until: UUID | None
    ) -> None:
        self._inspection = inspection
        self._tenant_id = tenant_id
        self._position: HeadPosition | UUID | None = after
        self._until = until
        self._page: deque[SignedHead] = deque()
        self._ended = False

    async def up_to(self, link: Link | None) -> AsyncGenerator[Head]:
        """The next ones, up to that entry, or all that are left."""
        while self._page or not self._ended:
            if not self._page:
                await self._turn()
                continue
            head = self._page[0].head
            if link is not None and (head.account_id, head.sequence) > (link.account_id, link.sequence):
                return
            self._page.popleft()
            yield head

    async def _turn(self) -> None:
        page = await self._inspection.signed_heads(
            self._tenant_id, after=self._position, until=self._until, limit=SIGNED_HEAD_PAGE
        )
        self._ended = len(page) < SIGNED_HEAD_PAGE
        self._page.extend(page)
        if page:
            self._position = page[-1].position
