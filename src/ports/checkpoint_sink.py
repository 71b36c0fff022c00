"""Copies of checkpoints outside the database."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head


class CheckpointSink(Protocol):
    """Somewhere whoever may change the database may not write."""

    async def store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        """
        Keep a copy; the same again changes nothing.

        Raises:
            OSError: If it cannot be written.
        """
        ...

    async def latest(self, tenant_id: TenantId) -> Checkpoint | None:
        """The newest copy, or None."""
        ...
