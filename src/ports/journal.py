"""Reading what was posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.identifiers import AccountId, TenantId, TransferId
from core.domain.transfers import Entry, Transfer, TransferType


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry with the transfer it belongs to (whose own `entries` are left empty)."""

    entry: Entry
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class PostedTransfer:
    """A transfer with its entries, and the transfer that reversed it, if one did."""

    transfer: Transfer
    reversed_by: TransferId | None


@dataclass(frozen=True, slots=True)
class LinePosition:
    """Where a listing stands: lines are ordered by (posted_at, sequence) on one account."""

    posted_at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines are wanted; None means any. *since* is included, *until* is not."""

    type: TransferType | None = None
    since: datetime | None = None
    until: datetime | None = None
    reference: str | None = None


class Journal(Protocol):
    """The journal as readers see it, newest first unless it says otherwise."""

    async def transfer(self, tenant_id: TenantId, transfer_id: TransferId) -> PostedTransfer:
        """
        One transfer.

        Raises:
            TransferNotFound: If the tenant has no such transfer.
        """
        ...

    async def find_by_reference(self, tenant_id: TenantId, reference: str) -> PostedTransfer | None:
        """The transfer of that reference, or None."""
        ...

    async def lines(
        self,
        tenant_id: TenantId,
        account_id: AccountId,
        *,
        where: LineFilter,
        before: LinePosition | None,
        limit: int,
    ) -> Sequence[JournalLine]:
        """An account's lines, newest first, behind *before*."""
        ...

    async def lines_forward(
        self,
        tenant_id: TenantId,
        account_id: AccountId,
        *,
        where: LineFilter,
        after: LinePosition | None,
        limit: int,
    ) -> Sequence[JournalLine]:
        """An account's lines, oldest first, behind *after*."""
        ...

    async def lines_of_user(
        self,
        tenant_id: TenantId,
        user_id: str,
        *,
        where: LineFilter,
        before: tuple[datetime, TransferId, int] | None,
        limit: int,
    ) -> Sequence[JournalLine]:
        """All main-account lines of one user, newest first by (posted_at, transfer, leg), behind *before*."""
        ...

    async def balance_at(self, tenant_id: TenantId, account_id: AccountId, moment: datetime) -> int:
        """The account's balance in minor units, its entries up to and including *moment* counted; 0 before any."""
        ...
