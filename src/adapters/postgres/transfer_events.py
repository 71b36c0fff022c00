"""What a transfer's event says, read from the journal, where it cannot change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from core.domain.events import Movement, TransferEventData

# OFFSET 0 keeps the look-up of an account one by its key, whatever the planner believes about small tables.
# The bounds let the planner leave out all partitions but those the events are in, once a statement, not once a row.
_ENTRIES = """
SELECT told.place, transfer.type, transfer.reference, transfer.reversal_of, transfer.hold_id, transfer.id,
       entry.account_id, account.wallet_id, account.purpose, entry.asset, entry.direction * entry.amount,
       entry.balance_after
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY
    AS told (tenant_id, transfer_id, posted_at, place)
JOIN transfers AS transfer ON transfer.tenant_id = told.tenant_id AND transfer.id = told.transfer_id
    AND transfer.posted_at = told.posted_at AND transfer.posted_at BETWEEN $4 AND $5
JOIN entries AS entry ON entry.tenant_id = told.tenant_id AND entry.transfer_id = told.transfer_id
    AND entry.posted_at = told.posted_at AND entry.posted_at BETWEEN $4 AND $5
CROSS JOIN LATERAL (
    SELECT wallet_id, purpose FROM accounts
    WHERE accounts.tenant_id = entry.tenant_id AND accounts.id = entry.account_id OFFSET 0
) AS account
ORDER BY told.place, entry.leg
"""

_GONE = b"null"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class ToldTransfer:
    """A transfer whose event is told, and when it posted."""

    tenant_id: UUID
    transfer_id: UUID
    posted_at: datetime


async def tell_transfers(
    connection: "asyncpg.Connection[asyncpg.Record]", transfers: Sequence[ToldTransfer]
) -> list[bytes]:
    """JSON texts of `TransferEventData`, in the order of *transfers*; null for those whose month was detached."""
    if not transfers:
        return []
    moments = [transfer.posted_at for transfer in transfers]
    rows = await connection.fetch(
        _ENTRIES,
        [transfer.tenant_id for transfer in transfers],
        [transfer.transfer_id for transfer in transfers],
        moments,
        min(moments),
        max(moments),
    )
    movements: list[list[Movement]] = [list[Movement]() for _ in transfers]
    heads: list[asyncpg.Record | None] = [None] * len(transfers)
    for row in rows:
        place: int = row[0] - 1
        heads[place] = row
        movements[place].append(
            Movement(
                account_id=row[6],
                wallet_id=row[7],
                purpose=row[8],
                asset=row[9],
                amount=row[10],
                balance_after=row[11],
            )
        )
    return [_GONE if head is None else _told(head, moved) for head, moved in zip(heads, movements, strict=True)]


def _told(head: asyncpg.Record, movements: list[Movement]) -> bytes:
    _place, type_, reference, reversal_of, hold_id, transfer_id = head[0:6]
    return _encode(
        TransferEventData(
            transfer_id=transfer_id,
            type=type_,
            reference=reference,
            reversal_of=reversal_of,
            hold_id=hold_id,
            movements=tuple(movements),
        )
    )
