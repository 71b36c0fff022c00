"""
Write a tenant's whole ledger as lines of JSON that anybody can verify without a database.

The format, ``bursar.ledger.1``, is described in docs/ledger-export.md: a header, the checkpoints with their heads,
each account followed by its entries, each transfer with its legs, and an end line that counts them.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.domain.chain import microseconds
from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import TenantId
from core.domain.integrity import Head, Link
from core.domain.transfers import Transfer
from ports.checkpoint_repository import CheckpointRepository
from ports.clock import Clock
from ports.ledger_inspection import LedgerInspection, LinkPosition

FORMAT = "bursar.ledger.1"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ExportLedgerHandler:
    """
    Reads at one moment, page by page.

    Memory does not grow with the entries; of one checkpoint all heads are in memory at a time.
    """

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
        yield _line(format=FORMAT, tenant_id=str(tenant_id), exported_at=microseconds(self.clock.now()))
        # Before the ledger's moment: the accounts may have gone on since these heads, never the other way round.
        async for line in self._checkpoint_lines(tenant_id):
            counts["checkpoints"] += 1
            yield line
        async with self.inspection.at_one_moment() as ledger:
            async for part, line in _account_lines(ledger, tenant_id):
                counts[part] += 1
                yield line
            after: UUID | None = None
            while transfers := await ledger.transfers(tenant_id, after=after, limit=_PAGE):
                for transfer in transfers:
                    counts["transfers"] += 1
                    yield _transfer_line(transfer)
                after = transfers[-1].id
        yield _line(end=counts)

    async def _checkpoint_lines(self, tenant_id: TenantId) -> AsyncGenerator[str]:
        number = 0
        while page := await self.checkpoints.page(tenant_id, after=number, limit=_PAGE):
            for checkpoint in page:
                number = checkpoint.number
                yield _checkpoint_line(checkpoint, await self.checkpoints.heads(tenant_id, number))


async def _account_lines(ledger: LedgerInspection, tenant_id: TenantId) -> AsyncGenerator[tuple[str, str]]:
    """Every account, each followed by its entries."""
    after: UUID | None = None
    while heads := await ledger.heads(tenant_id, after=after, limit=_PAGE):
        until = heads[-1].account_id
        beginnings = await ledger.beginnings(tenant_id, after=after, until=until)
        starts = {head.account_id: head for head in beginnings}
        links = _links(ledger, tenant_id, after=after, until=until)
        link = await anext(links, None)
        for head in heads:
            yield "accounts", _account_line(head, starts.get(head.account_id))
            while link is not None and link.account_id <= head.account_id:
                if link.account_id == head.account_id:
                    yield "entries", _entry_line(link)
                link = await anext(links, None)
        after = until


async def _links(
    ledger: LedgerInspection, tenant_id: TenantId, *, after: UUID | None, until: UUID
) -> AsyncGenerator[Link]:
    """The entries of accounts in (after, until], in order."""
    position: LinkPosition | UUID | None = after
    while links := await ledger.links(tenant_id, after=position, until=until, limit=_PAGE):
        for placed in links:
            yield placed.link
        position = links[-1].position


def _checkpoint_line(checkpoint: Checkpoint, heads: Sequence[Head]) -> str:
    return _line(
        checkpoint={
            "number": checkpoint.number,
            "taken_at": microseconds(checkpoint.taken_at),
            "previous": checkpoint.previous.hex(),
            "root": checkpoint.root.hex(),
            "public_key": checkpoint.public_key.hex(),
            "signature": checkpoint.signature.hex(),
            "heads": [[str(head.account_id), head.sequence, head.balance, head.chain.hex()] for head in heads],
        }
    )


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


def _entry_line(link: Link) -> str:
    return _line(
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


def _line(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
