"""Copies of checkpoints as JSON files: one a checkpoint, named by tenant and number."""

import asyncio
import json
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head
from ports.checkpoint_sink import CopyUnreadable


class FileCheckpointSink:
    """Implements `ports.checkpoint_sink.CheckpointSink`; a file appears whole or not at all, and never changes."""

    def __init__(self, directory: Path) -> None:
        """Write below *directory*, which is made when it is first needed."""
        self._directory = directory

    async def store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        """
        Keep a copy; the same again changes nothing.

        Raises:
            OSError: If it cannot be written, or another checkpoint of that number is kept.
            CopyUnreadable: If something else is kept under that number.
        """
        await asyncio.to_thread(self._store, checkpoint, heads)

    async def find(self, tenant_id: TenantId, number: int) -> Checkpoint | None:
        """
        The copy of that checkpoint, or None.

        Raises:
            OSError: If it cannot be read.
            CopyUnreadable: If it is not one of ours.
        """
        return await asyncio.to_thread(self._find, tenant_id, number)

    async def newest_number(self, tenant_id: TenantId) -> int:
        """The number of the newest copy, 0 when there is none."""
        return await asyncio.to_thread(self._newest_number, tenant_id)

    def _store(self, checkpoint: Checkpoint, heads: Sequence[Head]) -> None:
        kept = self._find(checkpoint.tenant_id, checkpoint.number)
        path = self._path(checkpoint.tenant_id, checkpoint.number)
        if kept is not None:
            if kept.digest != checkpoint.digest:
                raise FileExistsError(f"{path} keeps another checkpoint {checkpoint.number}")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # A draft of its own: another process may be writing the same copy just now.
        draft = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.new")
        try:
            with open(draft, "x", encoding="utf-8") as file:
                json.dump(_document(checkpoint, heads), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        _keep_name(path)

    def _find(self, tenant_id: TenantId, number: int) -> Checkpoint | None:
        path = self._path(tenant_id, number)
        try:
            return _checkpoint(tenant_id, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise CopyUnreadable(f"{path} is not a copy of a checkpoint ({error})") from error

    def _newest_number(self, tenant_id: TenantId) -> int:
        return max(
            (int(path.stem) for path in self._folder(tenant_id).glob("*.json") if path.stem.isdecimal()), default=0
        )

    def _folder(self, tenant_id: TenantId) -> Path:
        return self._directory / str(tenant_id)

    def _path(self, tenant_id: TenantId, number: int) -> Path:
        return self._folder(tenant_id) / f"{number:012d}.json"


def _keep_name(path: Path) -> None:
    """Make the new name durable, where folders can be synced."""
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _checkpoint(tenant_id: TenantId, text: str) -> Checkpoint:
    document = json.loads(text)
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
