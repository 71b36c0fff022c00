"""Copies of checkpoints as JSON files: one a checkpoint, named by tenant and number."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head


class FileCheckpointSink:
    """Implements `ports.checkpoint_sink.CheckpointSink`; a file appears whole or not at all, and never changes."""

    def __init__(self, directory: Path) -> None:
        """Write below *directory*, which is made when it is first needed."""
        self._directory = directory

    async def store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        """
        Keep a copy; the same again changes nothing.

        Raises:
            OSError: If it cannot be written.
        """
        await asyncio.to_thread(self._store, checkpoint, heads)

    async def latest(self, tenant_id: TenantId) -> Checkpoint | None:
        """The newest copy, or None."""
        return await asyncio.to_thread(self._latest, tenant_id)

    def _store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        folder = self._directory / str(checkpoint.tenant_id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{checkpoint.number:012d}.json"
        if path.exists():
            return
        draft = path.with_suffix(".new")
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(_document(checkpoint, heads), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    def _latest(self, tenant_id: TenantId) -> Checkpoint | None:
        paths = sorted((self._directory / str(tenant_id)).glob("*.json"))
        if not paths:
            return None
        document = json.loads(paths[-1].read_text(encoding="utf-8"))
        return Checkpoint(
            tenant_id=tenant_id,
            number=document["number"],
            taken_at=datetime.fromisoformat(document["taken_at"]),
            previous=bytes.fromhex(document["previous"]),
            root=bytes.fromhex(document["root"]),
            head_count=len(document["heads"]),
            public_key=bytes.fromhex(document["public_key"]),
            signature=bytes.fromhex(document["signature"]),
        )


def _document(checkpoint: Checkpoint, heads: Sequence[Head]) -> dict[str, object]:
    return {
        "tenant_id": str(checkpoint.tenant_id),
        "number": checkpoint.number,
        "taken_at": checkpoint.taken_at.isoformat(),
        "previous": checkpoint.previous.hex(),
        "root": checkpoint.root.hex(),
        "public_key": checkpoint.public_key.hex(),
        "signature": checkpoint.signature.hex(),
        "heads": [
            {
                "account_id": str(head.account_id),
                "sequence": head.sequence,
                "balance": head.balance,
                "chain": head.chain.hex(),
            }
            for head in heads
        ],
    }
