"""The whole ledger in short statements, for verification and export."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres import ledger_inspection_statements as sql
from adapters.postgres.errors import translated
from core.domain.accounts import Purpose
from core.domain.chain import transfer_digest
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from core.domain.integrity import Head, Link
from core.domain.transfers import Entry, Transfer, TransferType
from ports.ledger_inspection import HeadPosition, LinkPosition, PlacedLink, SignedHead, SumDifference

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_BEFORE_TIME = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
_NO_NUMBER, _ANY_NUMBER = 0, 2**63 - 1

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class PostgresLedgerInspection:
    """Implements `ports.ledger_inspection.LedgerInspection`."""

    def __init__(self, sessions: OpenSession) -> None:
        """Read through *sessions*, a short transaction a statement."""
        self._sessions = sessions

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncGenerator["PostgresLedgerInspection"]:
        """The ledger as it is on entry: one REPEATABLE READ transaction."""
        with translated():
            async with self._sessions() as session:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                await session.execute(sql.LONG_STATEMENTS)
                await session.execute(sql.LONG_PAUSES)

                def same() -> AbstractAsyncContextManager[AsyncSession]:
                    return nullcontext(session)

                yield PostgresLedgerInspection(same)

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by id."""
        with translated():
            async with self._sessions() as session:
                rows = await session.scalars(sql.TENANTS)
                return [TenantId(row) for row in rows]

    async def entry_count(self, tenant_id: TenantId) -> int:
        """How many entries the accounts say there are."""
        rows = await self._whole(sql.ENTRY_COUNT, tenant_id)
        return int(rows[0][0])

    async def heads(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Head]:
        """The next accounts by id, as they say they stand."""
        rows = await self._rows(sql.HEADS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        return [Head(*row) for row in rows]

    async def beginnings(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """The last snapshots before the oldest partition, of accounts in (after, until]."""
        rows = await self._rows(sql.BEGINNINGS, tenant=tenant_id, after=after or _FIRST, until=until or _LAST)
        return [Head(*row) for row in rows]

    async def snapshots(self, tenant_id: TenantId, *, after: UUID | None, until: UUID | None) -> Sequence[Head]:
        """The snapshots of months that are still kept, of accounts in (after, until]."""
        rows = await self._rows(sql.SNAPSHOTS, tenant=tenant_id, after=after or _FIRST, until=until or _LAST)
        return [Head(*row) for row in rows]

    async def signed_heads(
        self, tenant_id: TenantId, *, after: HeadPosition | UUID | None, until: UUID | None, limit: int
    ) -> Sequence[SignedHead]:
        """The next heads that checkpoints signed behind *after* (a position, or all of an account), up to *until*."""
        if not isinstance(after, HeadPosition):
            after = HeadPosition(_FIRST, _NO_NUMBER) if after is None else HeadPosition(after, _ANY_NUMBER)
        rows = await self._rows(
            sql.SIGNED_HEADS,
            tenant=tenant_id,
            account=after.account_id,
            number=after.number,
            until=until or _LAST,
            limit=limit,
        )
        return [SignedHead(Head(*row[:5]), HeadPosition(row.account_id, row.number)) for row in rows]

    async def links(
        self, tenant_id: TenantId, *, after: LinkPosition | UUID | None, until: UUID | None, limit: int
    ) -> Sequence[PlacedLink]:
        """The next entries behind *after* (a position, or all of an account), of accounts up to *until*."""
        if not isinstance(after, LinkPosition):
            after = LinkPosition(_FIRST, _BEFORE_TIME, 0) if after is None else _behind(after)
        rows = await self._rows(
            sql.LINKS,
            tenant=tenant_id,
            account=after.account_id,
            posted_at=after.posted_at,
            sequence=after.sequence,
            until=until or _LAST,
            limit=limit,
        )
        return [_placed_link(tenant_id, row) for row in rows]

    async def incomplete_transfers(
        self, tenant_id: TenantId, *, after: UUID | None, limit: int
    ) -> tuple[Sequence[tuple[UUID, str]], UUID | None, int]:
        """Of the next transfers by id: the incomplete or unbalanced ones, the last looked at, and how many are kept."""
        rows = await self._rows(sql.TRANSFER_SUMS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        kept = [row for row in rows if not row.detached]
        wrong = [(row.id, why) for row in kept if (why := _wrong_with(row)) is not None]
        return wrong, rows[-1].id if len(rows) == limit else None, len(kept)

    async def differences(self, tenant_id: TenantId) -> Sequence[SumDifference]:
        """Assets whose balances do not sum to zero, and wallets whose reserve is not the sum of their holds."""
        assets = await self._whole(sql.ASSET_SUMS, tenant_id)
        holds = await self._whole(sql.HOLD_SUMS, tenant_id)
        return [SumDifference(f"the sum of all {asset} balances", None, difference) for asset, difference in assets] + [
            SumDifference("the reserve, against its pending holds,", wallet_id, difference)
            for wallet_id, difference in holds
        ]

    async def transfers(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Transfer]:
        """The next transfers by id, with their entries."""
        rows = await self._rows(sql.TRANSFERS, tenant=tenant_id, after=after or _FIRST, limit=limit)
        transfers: list[Transfer] = []
        for row in rows:
            if not transfers or transfers[-1].id != row.id:
                transfers.append(_transfer(tenant_id, row))
            if row.purpose is not None:  # a damaged ledger may have lost the entry, or its account
                transfers[-1].entries.append(_entry(row))
        return transfers

    async def _rows(self, query: TextClause, **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        with translated():
            async with self._sessions() as session:
                await session.execute(sql.IN_ORDER_OF_INDEXES)
                return (await session.execute(query, values)).all()

    async def _whole(self, query: str, tenant_id: TenantId) -> Sequence[Sequence[Any]]:
        with translated():
            async with self._sessions() as session:
                await session.execute(sql.LONG_STATEMENTS)
                driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
                rows = await driver.fetch(query, tenant_id, timeout=sql.WHOLE_TABLE_SECONDS)
                return [tuple(row) for row in rows]


def _behind(account_id: UUID) -> LinkPosition:
    """Behind all entries of that account."""
    return LinkPosition(UUID(int=account_id.int + 1), _BEFORE_TIME, 0)


def _placed_link(tenant_id: TenantId, row: Row[*tuple[Any, ...]]) -> PlacedLink:
    digest = None
    if row.id is not None:
        digest = transfer_digest(
            tenant_id=tenant_id,
            transfer_id=row.transfer_id,
            type=row.type,
            posted_at=row.posted_at,
            entry_count=row.entry_count,
            trace_id=row.trace_id,
            reference=row.reference,
            description=row.description,
            metadata=row.metadata,
            reversal_of=row.reversal_of,
            hold_id=row.hold_id,
        )
    link = Link(
        account_id=row.account_id,
        asset=row.asset,
        sequence=row.sequence,
        transfer_id=row.transfer_id,
        leg=row.leg,
        direction=row.direction,
        amount=row.amount,
        balance_after=row.balance_after,
        chain=row.chain,
        digest=digest,
    )
    return PlacedLink(link, LinkPosition(row.account_id, row.posted_at, row.sequence))


def _wrong_with(row: Row[*tuple[Any, ...]]) -> str | None:
    if row.entry_count is None:
        return "it is not registered"
    if row.declared is None:
        return "the transfer is missing"
    if row.given != row.entry_count or row.declared != row.entry_count:
        return f"{row.entry_count} entries were posted, {row.given or 0} are there"
    if row.net != 0:
        return f"debits and credits differ by {row.net}"
    return None


def _transfer(tenant_id: TenantId, row: Row[*tuple[Any, ...]]) -> Transfer:
    return Transfer(
        tenant_id=tenant_id,
        id=TransferId(row.id),
        type=TransferType(row.type),
        posted_at=row.posted_at,
        trace_id=row.trace_id,
        reference=row.reference,
        description=row.description,
        metadata=row.metadata,
        reversal_of=None if row.reversal_of is None else TransferId(row.reversal_of),
        hold_id=None if row.hold_id is None else HoldId(row.hold_id),
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        leg=row.leg,
        account_id=AccountId(row.account_id),
        wallet_id=None if row.wallet_id is None else WalletId(row.wallet_id),
        purpose=Purpose(row.purpose),
        asset=row.asset,
        sequence=row.sequence,
        direction=row.direction,
        amount=row.amount,
        balance_after=row.balance_after,
        chain=row.chain,
    )
