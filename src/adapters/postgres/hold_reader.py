"""Holds in PostgreSQL, for readers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.tables import HoldRow
from core.domain.holds import Hold, HoldNotFound, HoldStatus
from core.domain.identifiers import HoldId, TenantId, WalletId


class PostgresHoldReader:
    """Implements `ports.hold_reader.HoldReader`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Read through *sessions*."""
        self._sessions = sessions

    async def get(self, tenant_id: TenantId, hold_id: HoldId) -> Hold:
        """
        One hold.

        Raises:
            HoldNotFound: If the tenant has no such hold.
        """
        with translated():
            async with self._sessions() as session:
                row = await session.scalar(select(HoldRow).where(HoldRow.tenant_id == tenant_id, HoldRow.id == hold_id))
        if row is None:
            raise HoldNotFound(f"no hold {hold_id}")
        return _hold(row)

    async def page(
        self, tenant_id: TenantId, *, wallet_id: WalletId | None, before: HoldId | None, limit: int
    ) -> Sequence[Hold]:
        """The next *limit* holds, newest first, behind *before*; of one wallet, when given."""
        query = select(HoldRow).where(HoldRow.tenant_id == tenant_id).order_by(HoldRow.id.desc()).limit(limit)
        if wallet_id is not None:
            query = query.where(HoldRow.wallet_id == wallet_id)
        if before is not None:
            query = query.where(HoldRow.id < before)
        with translated():
            async with self._sessions() as session:
                return [_hold(row) for row in await session.scalars(query)]

    async def due(self, tenant_id: TenantId, *, now: datetime, limit: int) -> Sequence[Hold]:
        """Pending holds whose time has run out at *now*, longest overdue first."""
        query = (
            select(HoldRow)
            .where(
                HoldRow.tenant_id == tenant_id,
                HoldRow.status == HoldStatus.PENDING.value,
                HoldRow.expires_at <= now,
            )
            .order_by(HoldRow.expires_at)
            .limit(limit)
        )
        with translated():
            async with self._sessions() as session:
                return [_hold(row) for row in await session.scalars(query)]


def _hold(row: HoldRow) -> Hold:
    return Hold(
        tenant_id=TenantId(row.tenant_id),
        id=HoldId(row.id),
        wallet_id=WalletId(row.wallet_id),
        asset=row.asset,
        amount=row.amount,
        captured=row.captured,
        released=row.released,
        status=HoldStatus(row.status),
        expires_at=row.expires_at,
        placed_at=row.placed_at,
        reference=row.reference,
        description=row.description,
        metadata=row.metadata_,
    )
