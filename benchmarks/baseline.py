"""
The honest opponent: the same API, tables, triggers and statements, but one transaction a request.

Row locks are taken in order, conflicts are retried; only the grouping is missing.
"""

import asyncio
import os
from collections.abc import Sequence

import asyncpg
from dependency_injector import providers
from litestar.types import ASGIApp

from adapters.postgres.batch_writer import BatchRaced
from adapters.postgres.connection import DatabaseAddress, connect_for_posting
from adapters.postgres.ledger import Ledger
from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest
from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.settings import Settings
from ports.posting import PostingFigures, PostingUnconfirmed

POOL_SIZE_VARIABLE = "BASELINE_POOL_SIZE"
_ATTEMPTS = 5
_CONFLICTS = (BatchRaced, asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)


class OneTransactionPosting:
    """Implements `ports.posting.Posting` with a pool of connections and a transaction a request."""

    def __init__(self, address: DatabaseAddress, ledger: Ledger, *, pool_size: int) -> None:
        """Use *pool_size* connections to *address*."""
        self._address = address
        self._ledger = ledger
        self._pool_size = pool_size
        self._free: asyncio.Queue[asyncpg.Connection[asyncpg.Record]] = asyncio.Queue()

    async def start(self) -> None:
        """Connect."""
        for _ in range(self._pool_size):
            self._free.put_nowait(await connect_for_posting(self._address))

    async def stop(self, *, grace_seconds: float) -> None:
        """Disconnect."""
        while not self._free.empty():
            await self._free.get_nowait().close(timeout=grace_seconds)

    async def post(self, request: PostingRequest) -> Answer:
        """One request, one transaction."""
        connection = await self._free.get()
        try:
            for _ in range(_ATTEMPTS):
                try:
                    async with connection.transaction():
                        return (await self._ledger.post(connection, [request]))[0]
                except _CONFLICTS:
                    continue
            raise PostingUnconfirmed("too many conflicts")
        finally:
            self._free.put_nowait(connection)

    async def post_all(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """One after the other."""
        return [await self.post(request) for request in requests]

    def figures(self) -> PostingFigures:
        """Nothing is counted."""
        return PostingFigures(0, 0, (), (), 0, 0, ())


def create() -> ASGIApp:
    """The API with this posting instead of the group commit."""
    container = Container(settings=Settings.from_environment(os.environ))
    posting = OneTransactionPosting(
        container.address(), container.ledger(), pool_size=int(os.environ[POOL_SIZE_VARIABLE])
    )
    container.posting.override(providers.Object(posting))
    return create_app(container)
