"""Reading the whole ledger in short statements, for verification and export."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.identifiers import TenantId
from core.domain.integrity import Head, Link
from core.domain.transfers import Transfer


@dataclass(frozen=True, slots=True)
class LinkPosition:
    """Where a reading of entries stands: they are ordered by account, moment and sequence."""

    account_id: UUID
    posted_at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """An entry, and the position behind it."""

    link: Link
    position: LinkPosition


@dataclass(frozen=True, slots=True)
class HeadPosition:
    """Where a reading of signed heads stands: they are ordered by account and checkpoint."""

    account_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class SignedHead:
    """An account head that a checkpoint signed (its asset is left empty), and the position behind it."""

    head: Head
    position: HeadPosition


@dataclass(frozen=True, slots=True)
class SumDifference:
    """What does not add up: an asset's balances, or a wallet's holds against its reserve; minor units."""

    name: str
    account_id: UUID | None
    difference: int


class LedgerInspection(Protocol):
    """Every method is one bounded statement; what is written meanwhile disturbs none of them."""

    def at_one_moment(self) -> AbstractAsyncContextManager["LedgerInspection"]:
        """The ledger as it is on entry, whatever is written until the exit."""
        ...

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by id."""
        ...

    async def entry_count(self, tenant_id: TenantId) -> int:
        """How many entries the accounts say there are."""
        ...

    async def heads(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Head]:
        """The next accounts by id, as they say they stand."""
        ...

    async def beginnings(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """
        Where the kept entries of accounts in (after, until] begin, when older partitions were detached: each account's
        last snapshot before the oldest partition.
        """
        ...

    async def snapshots(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """The snapshots of accounts in (after, until] whose months are still kept."""
        ...

    async def signed_heads(
        self, tenant_id: TenantId, *, after: HeadPosition | UUID | None, until: UUID | None, limit: int
    ) -> Sequence[SignedHead]:
        """The next heads that checkpoints signed behind *after* (a position, or all of an account), up to *until*."""
        ...

    async def links(
        self, tenant_id: TenantId, *, after: LinkPosition | UUID | None, until: UUID | None, limit: int
    ) -> Sequence[PlacedLink]:
        """The next entries behind *after* (a position, or all of an account), of accounts up to *until*."""
        ...

    async def incomplete_transfers(
        self, tenant_id: TenantId, *, after: UUID | None, limit: int
    ) -> tuple[Sequence[tuple[UUID, str]], UUID | None, int]:
        """
        Of the next *limit* transfers by id: which are incomplete, unbalanced or not registered, and why; the last id
        looked at (None at the end); how many of those looked at are still kept.
        """
        ...

    async def differences(self, tenant_id: TenantId) -> Sequence[SumDifference]:
        """Assets whose balances do not sum to zero, and wallets whose reserve is not the sum of their holds."""
        ...

    async def transfers(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Transfer]:
        """The next transfers by id, with their entries."""
        ...
