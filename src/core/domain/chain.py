"""
The hash chain over an account's entries, so that a change in the past shows.

Every entry carries ``SHA-256(previous hash of its account || canonical bytes of the entry || digest of its
transfer)``. The canonical bytes are fixed for ever and pinned by test vectors (tests/unit/test_chain.py);
a new shape needs a new version tag.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from uuid import UUID

from core.domain.identifiers import HoldId, TenantId, TransferId

GENESIS = bytes(32)
"""The hash before an account's first entry."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRANSFER_TAG = b"bursar.transfer.1"
_ENTRY_TAG = b"bursar.entry.1"
_NO_ID = bytes(16)
_LENGTH = Struct(">I")
_ENTRY = Struct(">32s14s16s16s32s32sqbHqq")
_ABSENT = _LENGTH.pack(0xFFFF_FFFF)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC, the precision PostgreSQL keeps."""
    return (moment - _EPOCH) // _MICROSECOND


def transfer_digest(
    *,
    tenant_id: TenantId,
    transfer_id: TransferId,
    type: str,
    posted_at: datetime,
    entry_count: int,
    trace_id: str,
    reference: str | None,
    description: str | None,
    metadata: str | None,
    reversal_of: TransferId | None,
    hold_id: HoldId | None,
) -> bytes:
    """
    SHA-256 over everything a transfer says of itself: fixed fields, then texts with their lengths.

    An absent text differs from an empty one: its length is written as 0xFFFFFFFF.
    """
    parts = [
        _TRANSFER_TAG,
        tenant_id.bytes,
        transfer_id.bytes,
        microseconds(posted_at).to_bytes(8, "big", signed=True),
        entry_count.to_bytes(2, "big"),
        _id_bytes(reversal_of),
        _id_bytes(hold_id),
    ]
    for text in (type, trace_id, reference, description, metadata):
        if text is None:
            parts.append(_ABSENT)
        else:
            encoded = text.encode()
            parts.append(_LENGTH.pack(len(encoded)))
            parts.append(encoded)
    return sha256(b"".join(parts)).digest()


def entry_hash(
    *,
    previous: bytes,
    tenant_id: TenantId,
    account_id: UUID,
    asset: str,
    transfer: bytes,
    sequence: int,
    direction: int,
    leg: int,
    amount: int,
    balance_after: int,
) -> bytes:
    """The entry's link: *previous* is the hash before it, *transfer* its transfer's digest; amounts in minor units."""
    return sha256(
        _ENTRY.pack(
            previous,
            _ENTRY_TAG,
            tenant_id.bytes,
            account_id.bytes,
            asset.encode(),
            transfer,
            sequence,
            direction,
            leg,
            amount,
            balance_after,
        )
    ).digest()


def _id_bytes(value: UUID | None) -> bytes:
    return _NO_ID if value is None else value.bytes
