"""Verify the checkpoints: their chain, their signatures, their heads, and their copies outside the database."""

from collections.abc import Sequence

from core.application.integrity.verification import Progress, Verification
from core.domain.chain import GENESIS
from core.domain.checkpoints import FIRST_NUMBER, Checkpoint, merkle_root
from core.domain.integrity import Finding, FindingKind, Head
from ports.checkpoint_repository import CheckpointRepository
from ports.checkpoint_signer import CheckpointChecker
from ports.checkpoint_sink import CheckpointSink, CopyUnreadable

CHECKPOINT_PAGE = 100


async def verify_checkpoints(
    verification: Verification,
    checkpoints: CheckpointRepository,
    *,
    checker: CheckpointChecker,
    sink: CheckpointSink | None,
    progress: Progress,
) -> None:
    """
    Name the first checkpoint that does not hold; those behind it cannot.

    Raises:
        Unavailable: If the database cannot be read.
        OSError: If the copies cannot be read.
    """
    tenant_id = verification.tenant_id
    # Read before the database: a copy is written after its checkpoint, so none may be newer than what follows.
    newest_copy = 0 if sink is None else await sink.newest_number(tenant_id)
    previous, number = GENESIS, FIRST_NUMBER
    while page := await checkpoints.page(tenant_id, after=number - 1, limit=CHECKPOINT_PAGE):
        for checkpoint in page:
            heads = await checkpoints.heads(tenant_id, checkpoint.number)
            wrong = _wrong_with(checkpoint, heads, number=number, previous=previous, checker=checker)
            if wrong is None and sink is not None:
                wrong = await _differing_copy(checkpoint, sink)
            if wrong is not None:
                verification.found(wrong)
                return
            previous, number = checkpoint.digest, number + 1
            verification.checkpoints += 1
        progress(verification)
    if newest_copy >= number:
        verification.found(
            Finding(
                FindingKind.CHECKPOINT_MISSING,
                f"checkpoint {newest_copy} has a copy outside, the database ends at {number - 1}",
            )
        )


def _wrong_with(
    checkpoint: Checkpoint, heads: Sequence[Head], *, number: int, previous: bytes, checker: CheckpointChecker
) -> Finding | None:
    if checkpoint.number != number:
        return Finding(FindingKind.CHECKPOINT_MISSING, f"checkpoint {number} is missing")
    why = None
    if checkpoint.previous != previous:
        why = "does not follow the one before it"
    elif len(heads) != checkpoint.head_count or merkle_root(heads) != checkpoint.root:
        why = "signed other account heads"
    elif not checker.is_genuine(
        public_key=checkpoint.public_key, payload=checkpoint.payload, signature=checkpoint.signature
    ):
        why = "has a false signature"
    return None if why is None else Finding(FindingKind.CHECKPOINT_CHANGED, f"checkpoint {number} {why}")


async def _differing_copy(checkpoint: Checkpoint, sink: CheckpointSink) -> Finding | None:
    """A copy that is not there says nothing: the next run writes it."""
    try:
        copy = await sink.find(checkpoint.tenant_id, checkpoint.number)
    except CopyUnreadable as error:
        return Finding(FindingKind.CHECKPOINT_CHANGED, f"the copy of checkpoint {checkpoint.number}: {error}")
    if copy is None or copy.digest == checkpoint.digest:
        return None
    return Finding(FindingKind.CHECKPOINT_CHANGED, f"checkpoint {checkpoint.number} differs from its copy outside")
