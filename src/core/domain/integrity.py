"""
Proof that the books are right: every account walked from its beginning, every hash made again.

A walk names the first entry that does not fit; after it nothing of that account can be trusted, so it stops there.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.domain.chain import GENESIS, entry_hash
from core.domain.identifiers import TenantId


class FindingKind(StrEnum):
    """What is wrong. Permanent names."""

    ENTRY_MISSING = "entry_missing"
    ENTRY_OUT_OF_ORDER = "entry_out_of_order"
    ENTRY_CHANGED = "entry_changed"
    ENTRY_WITHOUT_TRANSFER = "entry_without_transfer"
    ENTRY_WITHOUT_ACCOUNT = "entry_without_account"
    BALANCE_WRONG = "balance_wrong"
    ACCOUNT_CHANGED = "account_changed"
    TRANSFER_INCOMPLETE = "transfer_incomplete"
    TRANSFER_UNBALANCED = "transfer_unbalanced"
    ASSET_UNBALANCED = "asset_unbalanced"
    HOLDS_DIFFER = "holds_differ"
    CHECKPOINT_CHANGED = "checkpoint_changed"
    CHECKPOINT_MISSING = "checkpoint_missing"
    BEHIND_CHECKPOINT = "behind_checkpoint"
    EXPORT_DAMAGED = "export_damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, as precisely as it can be named."""

    kind: FindingKind
    detail: str
    account_id: UUID | None = None
    sequence: int | None = None
    transfer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where an account stands: sequence, balance in minor units, and the hash over all before."""

    account_id: UUID
    asset: str
    sequence: int
    balance: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as a walk needs it; *digest* is its transfer's, made again, or None when there is no transfer."""

    account_id: UUID
    sequence: int
    transfer_id: UUID
    leg: int
    direction: int
    amount: int
    balance_after: int
    chain: bytes
    digest: bytes | None


@dataclass(slots=True)
class AccountWalk:
    """
    One account's entries, taken in order from a trusted beginning.

    Attributes:
        sequence, balance, chain: Where the walk stands; the beginning unless a snapshot says otherwise.
        pinned: A head some checkpoint signed, which the walk must pass through.
        finding: The first thing wrong; links after it are passed over.
    """

    tenant_id: TenantId
    account_id: UUID
    asset: str
    sequence: int = 0
    balance: int = 0
    chain: bytes = GENESIS
    pinned: Head | None = None
    finding: Finding | None = None

    def take(self, link: Link) -> None:
        """Check the next entry."""
        if self.finding is not None:
            return
        self.finding = self._check(link)
        if self.finding is None:
            self.sequence, self.balance, self.chain = link.sequence, link.balance_after, link.chain
            if self.pinned is not None and self.pinned.sequence == self.sequence and self.pinned.chain != self.chain:
                self.finding = self._found(
                    FindingKind.BEHIND_CHECKPOINT, "a checkpoint signed another history up to here", self.sequence
                )

    def end(self, head: Head) -> Finding | None:
        """Compare where the walk ends with the account's own *head*: what is wrong, or None."""
        if self.finding is not None:
            return self.finding
        if self.sequence < head.sequence:
            return self._found(
                FindingKind.ENTRY_MISSING,
                f"the account says {head.sequence} entries, the last one there is {self.sequence}: the tail is cut",
                self.sequence + 1,
            )
        if self.sequence > head.sequence:
            return self._found(
                FindingKind.ACCOUNT_CHANGED,
                f"the account says {head.sequence} entries, there are {self.sequence}",
                self.sequence,
            )
        if self.pinned is not None and self.sequence < self.pinned.sequence:
            return self._found(
                FindingKind.BEHIND_CHECKPOINT,
                f"a checkpoint signed {self.pinned.sequence} entries, there are {self.sequence}: the tail is cut",
                self.sequence + 1,
            )
        if (self.balance, self.chain) != (head.balance, head.chain):
            return self._found(
                FindingKind.ACCOUNT_CHANGED,
                f"the account says {head.balance}, its entries say {self.balance} (or their hashes differ)",
                self.sequence,
            )
        return None

    def _check(self, link: Link) -> Finding | None:
        expected = self.sequence + 1
        if link.sequence != expected:
            kind = FindingKind.ENTRY_MISSING if link.sequence > expected else FindingKind.ENTRY_OUT_OF_ORDER
            return self._found(kind, f"entry {expected} should come next, {link.sequence} does", expected)
        if link.digest is None:
            return self._found(
                FindingKind.ENTRY_WITHOUT_TRANSFER, "its transfer is missing", expected, link.transfer_id
            )
        if link.balance_after != self.balance + link.direction * link.amount:
            return self._found(
                FindingKind.BALANCE_WRONG,
                f"{self.balance} {'+' if link.direction > 0 else '-'} {link.amount} is not {link.balance_after}",
                expected,
                link.transfer_id,
            )
        made_again = entry_hash(
            previous=self.chain,
            tenant_id=self.tenant_id,
            account_id=self.account_id,
            asset=self.asset,
            transfer=link.digest,
            sequence=link.sequence,
            direction=link.direction,
            leg=link.leg,
            amount=link.amount,
            balance_after=link.balance_after,
        )
        if made_again != link.chain:
            return self._found(
                FindingKind.ENTRY_CHANGED,
                "its hash does not fit what it, its transfer or its account say",
                expected,
                link.transfer_id,
            )
        return None

    def _found(self, kind: FindingKind, detail: str, sequence: int, transfer_id: UUID | None = None) -> Finding:
        return Finding(kind, detail, self.account_id, sequence, transfer_id)
