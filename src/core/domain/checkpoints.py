"""
Checkpoints: signed statements of where accounts stood, kept outside the database too.

A chain of hashes cannot show that its own end was cut off, with the account rewritten to match: a checkpoint can.
Each signs the one before it and the Merkle root (RFC 6962, section 2.1) of the account heads changed since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from struct import Struct

from core.domain.chain import GENESIS, microseconds
from core.domain.identifiers import TenantId
from core.domain.integrity import Head

FIRST_NUMBER = 1
_TAG = b"bursar.checkpoint.1"
_HEAD = Struct(">16sqq32s")
_LEAF, _NODE = b"\x00", b"\x01"


class CheckpointMissing(Exception):
    """
    A checkpoint that has a copy outside the database is not in it any more.

    No refusal that a client could meet: somebody took it out, or restored an older state of the database. Signing on
    would cover that up.
    """


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    One signed checkpoint.

    Attributes:
        number: From 1, without gaps, per tenant.
        previous: `digest` of the checkpoint before, 32 zero bytes for the first.
        root: Merkle root of the heads it speaks of, in account order.
        public_key, signature: Ed25519 (RFC 8032) over `payload`; 32 and 64 bytes.
    """

    tenant_id: TenantId
    number: int
    taken_at: datetime
    previous: bytes
    root: bytes
    head_count: int
    public_key: bytes
    signature: bytes

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return checkpoint_payload(
            tenant_id=self.tenant_id,
            number=self.number,
            taken_at=self.taken_at,
            previous=self.previous,
            root=self.root,
            head_count=self.head_count,
        )

    @property
    def digest(self) -> bytes:
        """What the next checkpoint signs of this one."""
        return sha256(self.payload + self.signature).digest()


def checkpoint_payload(
    *, tenant_id: TenantId, number: int, taken_at: datetime, previous: bytes, root: bytes, head_count: int
) -> bytes:
    """The bytes a checkpoint's signature covers."""
    return b"".join(
        (
            _TAG,
            tenant_id.bytes,
            number.to_bytes(8, "big"),
            microseconds(taken_at).to_bytes(8, "big", signed=True),
            previous,
            root,
            head_count.to_bytes(8, "big"),
        )
    )


def merkle_root(heads: Sequence[Head]) -> bytes:
    """The Merkle tree hash of the heads in their order; of none, which is never signed, 32 zero bytes."""
    level = [
        sha256(_LEAF + _HEAD.pack(head.account_id.bytes, head.sequence, head.balance, head.chain)).digest()
        for head in heads
    ]
    if not level:
        return GENESIS
    while len(level) > 1:
        pairs = zip(level[0::2], level[1::2], strict=False)
        above = [sha256(_NODE + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
