"""
Write a tenant's whole ledger as lines of JSON that anybody can verify without a database.

The format, ``bursar.ledger.1``, is described in docs/ledger-export.md: a header, the checkpoints with their heads,
each account followed by its entries, each transfer with its legs, and an end line that counts them.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.chain import microseconds
from core.domain.identifiers import TenantId
from core.domain.integrity import Head
from core.domain.transfers import Transfer
from ports.checkpoint_repository import CheckpointRepository
from ports.clock import Clock
from ports.ledger_inspection import LedgerInspection, LinkPosition

FORMAT = "bursar.ledger.1"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ExportLedgerHandler:
    """Reads at one moment, page by page; memory does not grow with the ledger."""

    inspection: LedgerInspection
    checkpoints: CheckpointRepository
    clock: Clock

    async def __call__(self, tenant_id: TenantId) -> AsyncIterator[str]:
        """
        The lines, without their line ends.

        Raises:
            Unavailable: If the database cannot be read.
        """
        counts = {"checkpoints": 0, "accounts": 0, "entries": 0, "transfers": 0}
        yield _line(format=FORMAT, tenant_id=str(tenant_id), exported_at=_moment(self.clock.now()))
        # Before the ledger's moment: the accounts may have gone on since these heads, never the other way round.
        async for line in self._checkpoint_lines(tenant_id):
            counts["checkpoints"] += 1
            yield line
        async with self.inspection.at_one_moment() as ledger:
            async for kind, line in _account_lines(ledger, tenant_id):
                counts[kind] += 1
                yield line
            after: UUID | None = None
            while transfers := await ledger.transfers(tenant_id, after=after, limit=_PAGE):
                for transfer in transfers:
                    counts["transfers"] += 1
                    yield _transfer_line(transfer)
                after = transfers[-1].id
        yield _line(end=counts)

    async def _checkpoint_lines(self, tenant_id: TenantId) -> AsyncIterator[str]:
        number = 0
        while page := await self.checkpoints.page(tenant_id, after=number, limit=_PAGE):
            for checkpoint in page:
                number = checkpoint.number
                heads = await self.checkpoints.heads(tenant_id, number)
                yield _line(
                    checkpoint={
                        "number": number,
                        "taken_at": _moment(checkpoint.taken_at),
                        "previous": checkpoint.previous.hex(),
                        "root": checkpoint.root.hex(),
                        "public_key": checkpoint.public_key.hex(),
                        "signature": checkpoint.signature.hex(),
                        "heads": [
                            [str(head.account_id), head.sequence, head.balance, head.chain.hex()] for head in heads
                        ],
                    }
                )


async def _account_lines(ledger: LedgerInspection, tenant_id: TenantId) -> AsyncIterator[tuple[str, str]]:
    after: UUID | None = None
    while heads := await ledger.heads(tenant_id, after=after, limit=_PAGE):
        beginnings = await ledger.beginnings(tenant_id, after=after, until=heads[-1].account_id)
        starts = {head.account_id: head for head in beginnings}
        for head in heads:
            yield "accounts", _account_line(head, starts.get(head.account_id))
            before = UUID(int=head.account_id.int - 1)
            position: LinkPosition | UUID | None = before
            while True:
                links = await ledger.links(tenant_id, after=position, until=head.account_id, limit=_PAGE)
                for placed in links:
                    link = placed.link
                    yield (
                        "entries",
                        _line(
                            entry=[
                                link.sequence,
                                str(link.transfer_id),
                                link.leg,
                                link.direction,
                                link.amount,
                                link.balance_after,
                                link.chain.hex(),
                                None if link.digest is None else link.digest.hex(),
                            ]
                        ),
                    )
                if len(links) < _PAGE:
                    break
                position = links[-1].position
        after = heads[-1].account_id


def _account_line(head: Head, start: Head | None) -> str:
    return _line(
        account={
            "id": str(head.account_id),
            "asset": head.asset,
            "sequence": head.sequence,
            "balance": head.balance,
            "chain": head.chain.hex(),
            "start": None if start is None else [start.sequence, start.balance, start.chain.hex()],
        }
    )


def _transfer_line(transfer: Transfer) -> str:
    return _line(
        transfer={
            "id": str(transfer.id),
            "type": transfer.type.value,
            "posted_at": microseconds(transfer.posted_at),
            "trace_id": transfer.trace_id,
            "reference": transfer.reference,
            "description": transfer.description,
            "metadata": transfer.metadata,
            "reversal_of": None if transfer.reversal_of is None else str(transfer.reversal_of),
            "hold_id": None if transfer.hold_id is None else str(transfer.hold_id),
            "legs": [
                [entry.leg, str(entry.account_id), entry.asset, entry.sequence, entry.direction, entry.amount]
                for entry in transfer.entries
            ],
        }
    )


def _moment(moment: datetime) -> int:
    return microseconds(moment)


def _line(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
