"""Writes the batches that were decided, on an asyncpg connection inside an open transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap

import asyncpg

from adapters.postgres import ledger_statements as sql
from adapters.postgres.connection import Connection
from adapters.postgres.posting_columns import (
    Places,
    columns_of,
    entry_columns,
    hold_row,
    key_columns,
    step_row,
    transfer_columns,
)
from core.domain.accounts import Account
from core.domain.events import event_type
from core.domain.holds import Hold
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import HoldId, TenantId
from core.domain.instructions import Posted
from ports.id_generator import IdGenerator

_TURNS_TO_SEND = 3
"""Of the event loop: the task begins, its bytes are handed over, they are sent."""


class BatchRaced(Exception):
    """Somebody else took a key or a reference in between: run the batch again and see it."""


@dataclass(slots=True)
class Batch:
    """What one pass over the requests decided, ready to be written."""

    answers: list[Answer] = field(default_factory=list[Answer])
    posted: list[Posted] = field(default_factory=list[Posted])
    placed: list[tuple[Hold, str]] = field(default_factory=list[tuple[Hold, str]])
    stepped: dict[tuple[TenantId, HoldId], Hold] = field(default_factory=dict[tuple[TenantId, HoldId], Hold])
    keys: list[tuple[IdempotencyClaim, Answer, str]] = field(default_factory=list[tuple[IdempotencyClaim, Answer, str]])


class BatchWriter:
    """Writes what was decided, part after part; one part is on its way while the next is being decided."""

    def __init__(
        self, connection: Connection, ids: IdGenerator, accounts: Sequence[Account], posted_at: datetime
    ) -> None:
        self._connection = connection
        self._ids = ids
        self._places = Places(accounts)
        self._posted_at = posted_at
        self._told = 0
        self._on_its_way: asyncio.Task[None] | None = None

    async def write(self, batch: Batch, *, more: bool) -> None:
        """Write it; if *more* follows, only send it, and return when the one before is written."""
        values = self._columns(batch)
        await self.end()
        if not more:
            await self._send(batch, values)
            return
        self._on_its_way = asyncio.create_task(self._send(batch, values), name="one part of a batch")
        for _ in range(_TURNS_TO_SEND):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Wait for what is on its way."""
        if self._on_its_way is not None:
            sent, self._on_its_way = self._on_its_way, None
            await sent

    async def abandon(self) -> None:
        """Leave the connection to whoever rolls back."""
        if self._on_its_way is not None:
            self._on_its_way.cancel()
            await asyncio.gather(self._on_its_way, return_exceptions=True)

    def _columns(self, batch: Batch) -> tuple[object, ...]:
        transfers = [transfer for outcome in batch.posted for transfer in outcome.transfers]
        told, self._told = self._told, self._told + len(transfers)
        return (
            self._posted_at,
            *key_columns(batch.keys),
            *transfer_columns(transfers),
            *entry_columns(transfers, self._places),
            [self._ids.new() for _ in transfers],
            [event_type(transfer) for transfer in transfers],
            told,
        )

    async def _send(self, batch: Batch, values: tuple[object, ...]) -> None:
        try:
            claimed = await self._connection.fetchval(sql.WRITE_BATCH, *values)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "transfer_keys_pkey":
                raise BatchRaced from error
            raise
        if claimed != len(batch.keys):
            raise BatchRaced
        if batch.placed:
            await self._connection.execute(sql.INSERT_HOLDS, *columns_of(starmap(hold_row, batch.placed), 14))
        if batch.stepped:
            await self._connection.execute(sql.UPDATE_HOLDS, *columns_of(map(step_row, batch.stepped.values()), 5))
