"""Copies of checkpoints outside the database."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head


class CopyUnreadable(Exception):
    """There is a copy, but it is not one that we wrote."""


class CheckpointSink(Protocol):
    """Somewhere whoever may change the database may not write."""

    async def store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        """
        Keep a copy; the same again changes nothing.

        Raises:
            OSError: If it cannot be written, or another checkpoint of that number is kept.
            CopyUnreadable: If something else is kept under that number.
        """
        ...

    async def find(self, tenant_id: TenantId, number: int) -> Checkpoint | None:
        """
        The copy of that checkpoint, or None.

        Raises:
            OSError: If it cannot be read.
            CopyUnreadable: If it is not one of ours.
        """
        ...

    async def newest_number(self, tenant_id: TenantId) -> int:
        """
        The number of the newest copy, 0 when there is none.

        Raises:
            OSError: If it cannot be found out.
        """
        ...
