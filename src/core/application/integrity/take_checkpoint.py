"""Sign where the accounts stand, and keep a copy outside the database."""

from dataclasses import dataclass
from uuid import UUID

from core.domain.chain import GENESIS
from core.domain.checkpoints import FIRST_NUMBER, Checkpoint, CheckpointMissing, checkpoint_payload, merkle_root
from core.domain.identifiers import TenantId
from core.domain.integrity import Head
from ports.checkpoint_repository import CheckpointRepository
from ports.checkpoint_signer import CheckpointSigner
from ports.checkpoint_sink import CheckpointSink
from ports.clock import Clock

HEAD_PAGE = 1000


@dataclass(frozen=True, slots=True)
class TakeCheckpointHandler:
    """Idempotent: with nothing changed since the last one, nothing is signed."""

    checkpoints: CheckpointRepository
    signer: CheckpointSigner
    sink: CheckpointSink | None
    clock: Clock

    async def __call__(self, tenant_id: TenantId) -> Checkpoint | None:
        """
        The new checkpoint, or None when nothing has changed or another process was faster.

        Raises:
            Unavailable: If the database cannot be reached.
            OSError: If the copy cannot be written; the checkpoint is taken all the same, the next run copies it.
            CopyUnreadable: If something else is kept in the copy's place.
            CheckpointMissing: If the copies outside are ahead of the database; nothing is signed.
        """
        # The copies first: another process may be taking a checkpoint just now, and its copy is written last.
        copied = 0 if self.sink is None else await self.sink.newest_number(tenant_id)
        previous = await self.checkpoints.latest(tenant_id)
        number = 0 if previous is None else previous.number
        if copied > number:
            raise CheckpointMissing(f"checkpoint {copied} has a copy outside, the database ends at {number}")
        checkpoint = await self._take(tenant_id, previous)
        if self.sink is not None:
            newest = number if checkpoint is None else checkpoint.number
            await self._copy(self.sink, tenant_id, range(copied + 1, newest + 1))
        return checkpoint

    async def _take(self, tenant_id: TenantId, previous: Checkpoint | None) -> Checkpoint | None:
        heads = await self._changed_heads(tenant_id)
        if not heads:
            return None
        checkpoint = self._signed(tenant_id, previous, heads)
        return checkpoint if await self.checkpoints.add(checkpoint, heads) else None

    async def _changed_heads(self, tenant_id: TenantId) -> list[Head]:
        heads: list[Head] = []
        after: UUID | None = None
        while page := await self.checkpoints.changed_heads(tenant_id, after=after, limit=HEAD_PAGE):
            heads.extend(page)
            after = page[-1].account_id
        return heads

    async def _copy(self, sink: CheckpointSink, tenant_id: TenantId, numbers: range) -> None:
        """The new one, and before it those whose copies could not be written in their time."""
        for number in numbers:
            found = await self.checkpoints.page(tenant_id, after=number - 1, limit=1)
            await sink.store(found[0], await self.checkpoints.heads(tenant_id, found[0].number))

    def _signed(self, tenant_id: TenantId, previous: Checkpoint | None, heads: list[Head]) -> Checkpoint:
        number = FIRST_NUMBER if previous is None else previous.number + 1
        before = GENESIS if previous is None else previous.digest
        taken_at, root = self.clock.now(), merkle_root(heads)
        payload = checkpoint_payload(
            tenant_id=tenant_id, number=number, taken_at=taken_at, previous=before, root=root, head_count=len(heads)
        )
        return Checkpoint(
            tenant_id=tenant_id,
            number=number,
            taken_at=taken_at,
            previous=before,
            root=root,
            head_count=len(heads),
            public_key=self.signer.public_key,
            signature=self.signer.sign(payload),
        )
