"""The journal in PostgreSQL, for readers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.tables import AccountRow, EntryRow, TransferKeyRow, TransferRegisterRow, TransferRow, WalletRow
from core.domain.accounts import Purpose
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId
from core.domain.transfers import Entry, Transfer, TransferNotFound, TransferType
from ports.journal import JournalLine, LineFilter, LinePosition, PostedTransfer

_LINE = (EntryRow, TransferRow, AccountRow.purpose, AccountRow.wallet_id)


class PostgresJournal:
    """Implements `ports.journal.Journal`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Read through *sessions*."""
        self._sessions = sessions

    async def transfer(self, tenant_id: TenantId, transfer_id: TransferId) -> PostedTransfer:
        """
        One transfer.

        Raises:
            TransferNotFound: If the tenant has no such transfer.
        """
        with translated():
            async with self._sessions() as session:
                found = await self._load(session, tenant_id, transfer_id)
        if found is None:
            raise TransferNotFound(f"no transfer {transfer_id}")
        return found

    async def find_by_reference(self, tenant_id: TenantId, reference: str) -> PostedTransfer | None:
        """The transfer of that reference, or None."""
        with translated():
            async with self._sessions() as session:
                transfer_id = await session.scalar(_guarded(tenant_id, "reference", reference))
                return None if transfer_id is None else await self._load(session, tenant_id, TransferId(transfer_id))

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
        query = _filtered(_lines(tenant_id).where(EntryRow.account_id == account_id), where)
        if before is not None:
            query = query.where(
                EntryRow.posted_at <= before.posted_at,
                tuple_(EntryRow.posted_at, EntryRow.sequence) < (before.posted_at, before.sequence),
            )
        return await self._fetch(query.order_by(EntryRow.posted_at.desc(), EntryRow.sequence.desc()).limit(limit))

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
        query = _filtered(_lines(tenant_id).where(EntryRow.account_id == account_id), where)
        if after is not None:
            query = query.where(
                EntryRow.posted_at >= after.posted_at,
                tuple_(EntryRow.posted_at, EntryRow.sequence) > (after.posted_at, after.sequence),
            )
        return await self._fetch(query.order_by(EntryRow.posted_at, EntryRow.sequence).limit(limit))

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
        newest_first = (EntryRow.posted_at.desc(), EntryRow.transfer_id.desc(), EntryRow.leg.desc())
        query = _filtered(_lines(tenant_id).where(EntryRow.account_id == WalletRow.id), where)
        if before is not None:
            query = query.where(
                EntryRow.posted_at <= before[0],
                tuple_(EntryRow.posted_at, EntryRow.transfer_id, EntryRow.leg) < before,
            )
        # A page from each wallet, by its account's index, then the newest of those: never all that a user ever did.
        of_wallet = query.with_only_columns(EntryRow.transfer_id, EntryRow.leg, EntryRow.posted_at)
        of_wallet = of_wallet.order_by(*newest_first).limit(limit).correlate(WalletRow)
        newest = of_wallet.lateral("newest")
        places = (
            select(newest.c.transfer_id, newest.c.leg, newest.c.posted_at)
            .select_from(WalletRow)
            .join(newest, true())
            .where(WalletRow.tenant_id == tenant_id, WalletRow.user_id == user_id)
            .order_by(newest.c.posted_at.desc(), newest.c.transfer_id.desc(), newest.c.leg.desc())
            .limit(limit)
            .subquery("places")
        )
        lines = _lines(tenant_id).join(
            places,
            and_(
                places.c.transfer_id == EntryRow.transfer_id,
                places.c.leg == EntryRow.leg,
                places.c.posted_at == EntryRow.posted_at,
            ),
        )
        return await self._fetch(lines.order_by(*newest_first))

    async def balance_at(self, tenant_id: TenantId, account_id: AccountId, moment: datetime) -> int:
        """The account's balance in minor units, its entries up to and including *moment* counted; 0 before any."""
        query = (
            select(EntryRow.balance_after)
            .where(EntryRow.tenant_id == tenant_id, EntryRow.account_id == account_id, EntryRow.posted_at <= moment)
            .order_by(EntryRow.posted_at.desc(), EntryRow.sequence.desc())
            .limit(1)
        )
        with translated():
            async with self._sessions() as session:
                return await session.scalar(query) or 0

    async def _load(self, session: AsyncSession, tenant_id: TenantId, transfer_id: TransferId) -> PostedTransfer | None:
        posted_at = await session.scalar(
            select(TransferRegisterRow.posted_at).where(
                TransferRegisterRow.tenant_id == tenant_id, TransferRegisterRow.transfer_id == transfer_id
            )
        )
        if posted_at is None:
            return None
        rows = (
            await session.execute(
                _lines(tenant_id)
                .where(EntryRow.transfer_id == transfer_id, EntryRow.posted_at == posted_at)
                .order_by(EntryRow.leg)
            )
        ).all()
        if not rows:
            return None
        transfer = _transfer(rows[0][1])
        transfer.entries.extend(_entry(row) for row in rows)
        reversed_by = await session.scalar(_guarded(tenant_id, "reversal", str(transfer_id)))
        return PostedTransfer(transfer, None if reversed_by is None else TransferId(reversed_by))

    async def _fetch(self, query: Select[*tuple[Any, ...]]) -> list[JournalLine]:
        with translated():
            async with self._sessions() as session:
                return [JournalLine(_entry(row), _transfer(row[1])) for row in await session.execute(query)]


def _lines(tenant_id: TenantId) -> Select[*tuple[Any, ...]]:
    """Entries with their transfers and accounts; each entry names its transfer's partition by posted_at."""
    return (
        select(*_LINE)
        .join(
            TransferRow,
            and_(
                TransferRow.tenant_id == EntryRow.tenant_id,
                TransferRow.id == EntryRow.transfer_id,
                TransferRow.posted_at == EntryRow.posted_at,
            ),
        )
        .join(AccountRow, and_(AccountRow.tenant_id == EntryRow.tenant_id, AccountRow.id == EntryRow.account_id))
        .where(EntryRow.tenant_id == tenant_id)
    )


def _filtered(query: Select[*tuple[Any, ...]], where: LineFilter) -> Select[*tuple[Any, ...]]:
    if where.type is not None:
        query = query.where(TransferRow.type == where.type.value)
    if where.since is not None:
        query = query.where(EntryRow.posted_at >= where.since)
    if where.until is not None:
        query = query.where(EntryRow.posted_at < where.until)
    if where.reference is not None:
        query = query.where(TransferRow.reference == where.reference)
    return query


def _guarded(tenant_id: TenantId, kind: str, value: str) -> Select[*tuple[Any, ...]]:
    return select(TransferKeyRow.transfer_id).where(
        TransferKeyRow.tenant_id == tenant_id, TransferKeyRow.kind == kind, TransferKeyRow.value == value
    )


def _transfer(row: TransferRow) -> Transfer:
    return Transfer(
        tenant_id=TenantId(row.tenant_id),
        id=TransferId(row.id),
        type=TransferType(row.type),
        posted_at=row.posted_at,
        trace_id=row.trace_id,
        reference=row.reference,
        description=row.description,
        metadata=row.metadata_,
        reversal_of=None if row.reversal_of is None else TransferId(row.reversal_of),
        hold_id=None if row.hold_id is None else HoldId(row.hold_id),
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    entry, _transfer_row, purpose, wallet_id = row
    return Entry(
        leg=entry.leg,
        account_id=AccountId(entry.account_id),
        wallet_id=None if wallet_id is None else WalletId(wallet_id),
        purpose=Purpose(purpose),
        asset=entry.asset,
        sequence=entry.sequence,
        direction=entry.direction,
        amount=entry.amount,
        balance_after=entry.balance_after,
        chain=entry.chain,
    )
