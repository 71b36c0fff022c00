"""Checkpoints in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.tables import CheckpointHeadRow, CheckpointRow
from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head

_FIRST = UUID(int=0)
_HEADS_A_STATEMENT = 1000
_CHANGED = text("""
SELECT account.id, account.asset, account.sequence, account.balance, account.chain
FROM accounts AS account
LEFT JOIN LATERAL (
    SELECT head.sequence FROM checkpoint_heads AS head
    WHERE head.tenant_id = account.tenant_id AND head.account_id = account.id
    ORDER BY head.number DESC LIMIT 1
) AS kept ON true
WHERE account.tenant_id = :tenant AND account.id > :after AND account.sequence > coalesce(kept.sequence, 0)
ORDER BY account.id LIMIT :limit
""")


class PostgresCheckpointRepository:
    """Implements `ports.checkpoint_repository.CheckpointRepository`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Work through *sessions*, a transaction a call."""
        self._sessions = sessions

    async def latest(self, tenant_id: TenantId) -> Checkpoint | None:
        """The newest checkpoint, or None."""
        query = (
            select(CheckpointRow)
            .where(CheckpointRow.tenant_id == tenant_id)
            .order_by(CheckpointRow.number.desc())
            .limit(1)
        )
        with translated():
            async with self._sessions() as session:
                row = await session.scalar(query)
        return None if row is None else _checkpoint(row)

    async def page(self, tenant_id: TenantId, *, after: int, limit: int) -> Sequence[Checkpoint]:
        """The next checkpoints by number."""
        query = (
            select(CheckpointRow)
            .where(CheckpointRow.tenant_id == tenant_id, CheckpointRow.number > after)
            .order_by(CheckpointRow.number)
            .limit(limit)
        )
        with translated():
            async with self._sessions() as session:
                return [_checkpoint(row) for row in await session.scalars(query)]

    async def heads(self, tenant_id: TenantId, number: int) -> Sequence[Head]:
        """The heads a checkpoint speaks of, by account (their asset is left empty)."""
        query = (
            select(CheckpointHeadRow)
            .where(CheckpointHeadRow.tenant_id == tenant_id, CheckpointHeadRow.number == number)
            .order_by(CheckpointHeadRow.account_id)
        )
        with translated():
            async with self._sessions() as session:
                return [
                    Head(row.account_id, "", row.sequence, row.balance, row.chain)
                    for row in await session.scalars(query)
                ]

    async def changed_heads(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Head]:
        """Of the accounts that went on since their last kept head: the next by id, as they stand."""
        with translated():
            async with self._sessions() as session:
                values = {"tenant": tenant_id, "after": after or _FIRST, "limit": limit}
                return [_head(row) for row in await session.execute(_CHANGED, values)]

    async def add(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> bool:
        """Keep the checkpoint with its heads; False when another process took the number."""
        with translated():
            async with self._sessions() as session:
                added = await session.scalar(
                    insert(CheckpointRow)
                    .values(
                        tenant_id=checkpoint.tenant_id,
                        number=checkpoint.number,
                        taken_at=checkpoint.taken_at,
                        previous=checkpoint.previous,
                        root=checkpoint.root,
                        head_count=checkpoint.head_count,
                        public_key=checkpoint.public_key,
                        signature=checkpoint.signature,
                    )
                    .on_conflict_do_nothing()
                    .returning(CheckpointRow.number)
                )
                if added is None:
                    return False
                for start in range(0, len(heads), _HEADS_A_STATEMENT):
                    await session.execute(
                        insert(CheckpointHeadRow),
                        [
                            {
                                "tenant_id": checkpoint.tenant_id,
                                "account_id": head.account_id,
                                "number": checkpoint.number,
                                "sequence": head.sequence,
                                "balance": head.balance,
                                "chain": head.chain,
                            }
                            for head in heads[start : start + _HEADS_A_STATEMENT]
                        ],
                    )
                await session.commit()
                return True


def _checkpoint(row: CheckpointRow) -> Checkpoint:
    return Checkpoint(
        tenant_id=TenantId(row.tenant_id),
        number=row.number,
        taken_at=row.taken_at,
        previous=row.previous,
        root=row.root,
        head_count=row.head_count,
        public_key=row.public_key,
        signature=row.signature,
    )


def _head(row: Row[*tuple[Any, ...]]) -> Head:
    return Head(row.id, row.asset, row.sequence, row.balance, row.chain)
