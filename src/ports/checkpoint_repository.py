"""Checkpoints in the database."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head


class CheckpointRepository(Protocol):
    """Append-only."""

    async def latest(self, tenant_id: TenantId) -> Checkpoint | None:
        """The newest checkpoint, or None."""
        ...

    async def page(self, tenant_id: TenantId, *, after: int, limit: int) -> Sequence[Checkpoint]:
        """The next checkpoints by number."""
        ...

    async def heads(self, tenant_id: TenantId, number: int) -> Sequence[Head]:
        """The heads a checkpoint speaks of, by account (their asset is left empty)."""
        ...

    async def changed_heads(self, tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Head]:
        """Of the accounts that went on since their last kept head: the next by id, as they stand."""
        ...

    async def add(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> bool:
        """Keep the checkpoint with its heads; False when another process took the number."""
        ...
