"""
Proof that the books are right: every account walked from its beginning, every hash made again.

A walk names the first entry that does not fit; after it nothing of that account can be trusted, so it stops there.
"""

import struct
from dataclasses import dataclass, field
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
    SNAPSHOT_WRONG = "snapshot_wrong"
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
    asset: str
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
        sequence, balance, chain: Where the walk stands; the account's beginning unless `begin_at` says otherwise.
        finding: The first thing wrong; what is told after it is passed over.
    """

    tenant_id: TenantId
    account_id: UUID
    asset: str
    sequence: int = 0
    balance: int = 0
    chain: bytes = GENESIS
    finding: Finding | None = None
    _ahead: dict[int, list[tuple[FindingKind, Head]]] = field(
        default_factory=dict[int, list[tuple[FindingKind, Head]]], init=False
    )

    @property
    def furthest_expected(self) -> int:
        """The last sequence that `expect` told of and the walk has not come to; 0 without one."""
        return max(self._ahead, default=0)

    def begin_at(self, head: Head) -> None:
        """Trust *head*: the entries up to it are not here any more."""
        self.sequence, self.balance, self.chain = head.sequence, head.balance, head.chain

    def expect(self, head: Head, kind: FindingKind) -> None:
        """
        The walk must pass through *head*, which a checkpoint signed or a snapshot keeps; *kind* if it does not.

        What lies before the walk's beginning cannot be compared any more.
        """
        if self.finding is not None or head.sequence < self.sequence:
            return
        if head.sequence > self.sequence:
            self._ahead.setdefault(head.sequence, []).append((kind, head))
        else:
            self._compare(head, kind)

    def expect_no_more(self) -> None:
        """Forget what the walk has not come to: the account has gone on since."""
        self._ahead.clear()

    def take(self, link: Link) -> None:
        """Check the next entry."""
        if self.finding is not None:
            return
        self.finding = self._check(link)
        if self.finding is None:
            self.sequence, self.balance, self.chain = link.sequence, link.balance_after, link.chain
            for kind, head in self._ahead.pop(self.sequence, ()):
                self._compare(head, kind)

    def end(self, head: Head, *, furthest: int = 0) -> Finding | None:
        """
        Compare where the walk ends with the account's own *head*: what is wrong, or None.

        *furthest* is the last entry there is, when the walk was not led so far.
        """
        if self.finding is not None:
            return self.finding
        if self.sequence < head.sequence:
            return self._found(
                FindingKind.ENTRY_MISSING,
                f"the account says {head.sequence} entries, the last one there is {self.sequence}: the tail is cut",
                self.sequence + 1,
            )
        furthest = max(furthest, self.sequence)
        if furthest > head.sequence:
            return self._found(
                FindingKind.ACCOUNT_CHANGED,
                f"the account says {head.sequence} entries, there are {furthest}",
                head.sequence + 1,
            )
        if self._ahead:
            kind, expected = self._ahead[self.furthest_expected][0]
            who = _WITNESS[kind]
            return self._found(
                kind,
                f"{who} says {expected.sequence} entries, there are {self.sequence}: the tail is cut",
                self.sequence + 1,
            )
        if (self.balance, self.chain) != (head.balance, head.chain):
            return self._found(
                FindingKind.ACCOUNT_CHANGED,
                f"the account says {head.balance}, its entries say {self.balance} (or their hashes differ)",
                self.sequence,
            )
        return None

    def _compare(self, expected: Head, kind: FindingKind) -> None:
        if self.finding is None and (self.balance, self.chain) != (expected.balance, expected.chain):
            self.finding = self._found(
                kind,
                f"{_WITNESS[kind]} says {expected.balance} up to here, its entries say {self.balance}"
                " (or their hashes differ)",
                self.sequence,
            )

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
        if self._hash_of(link, link.digest) != link.chain:
            return self._found(
                FindingKind.ENTRY_CHANGED,
                "its hash does not fit what it and its transfer say",
                expected,
                link.transfer_id,
            )
        if link.asset != self.asset:
            return self._found(
                FindingKind.ACCOUNT_CHANGED, f"the account says {self.asset}, its entries say {link.asset}", expected
            )
        return None

    def _hash_of(self, link: Link, digest: bytes) -> bytes | None:
        """The hash made again, or None when the entry says what no entry can."""
        try:
            return entry_hash(
                previous=self.chain,
                tenant_id=self.tenant_id,
                account_id=self.account_id,
                asset=link.asset,
                transfer=digest,
                sequence=link.sequence,
                direction=link.direction,
                leg=link.leg,
                amount=link.amount,
                balance_after=link.balance_after,
            )
        except struct.error:
            return None

    def _found(self, kind: FindingKind, detail: str, sequence: int, transfer_id: UUID | None = None) -> Finding:
        return Finding(kind, detail, self.account_id, sequence, transfer_id)


_WITNESS = {FindingKind.BEHIND_CHECKPOINT: "a checkpoint", FindingKind.SNAPSHOT_WRONG: "a snapshot"}
