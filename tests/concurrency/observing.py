"""Looking on while lanes and strangers wait for each other."""

import asyncio
from collections.abc import Sequence
from random import Random
from uuid import UUID

import asyncpg

from adapters.postgres.connection import Connection, DatabaseAddress, connect_for_posting
from adapters.postgres.group_commit import Connect
from adapters.postgres.ledger import Ledger
from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest
from ports.id_generator import IdGenerator


async def until_blocked(observer: asyncpg.Connection, pid: int) -> None:
    """Return when the server process *pid* waits for a lock of another."""
    async with asyncio.timeout(5):
        query = "SELECT cardinality(pg_blocking_pids($1)) > 0"
        while not await observer.fetchval(query, pid):  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.002)


async def until_somebody_waits(observer: asyncpg.Connection, *, count: int = 1) -> None:
    """Return when so many transactions wait for others."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(5):
        while await observer.fetchval(query) < count:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.002)


async def jam(connection: asyncpg.Connection, accounts: Sequence[UUID], chance: Random) -> None:
    """Hold one account after another for a moment, so that others stop in the middle of taking their locks."""
    while True:
        async with connection.transaction():
            await connection.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", chance.choice(accounts))
            await asyncio.sleep(0.003)


class WatchedLedger(Ledger):
    """Keeps the deadlocks that the lane would hide."""

    def __init__(self, ids: IdGenerator) -> None:
        super().__init__(ids)
        self.deadlocks: list[asyncpg.DeadlockDetectedError] = []

    async def post(self, connection: Connection, requests: Sequence[PostingRequest]) -> list[Answer]:
        try:
            return await super().post(connection, requests)
        except asyncpg.DeadlockDetectedError as error:
            self.deadlocks.append(error)
            raise


class DeadlockFinder:
    """Connections that notice a deadlock long before a lock's timeout would dissolve it unnoticed."""

    def __init__(self, admin_url: str) -> None:
        self._address = DatabaseAddress(admin_url)
        self.pids: list[int] = []

    @property
    def connect(self) -> Connect:
        """What a lane connects with."""
        return self._connect

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = await connect_for_posting(self._address)
        await connection.execute("SET ROLE NONE; SET deadlock_timeout = '5ms'; SET lock_timeout = '5s'")
        await connection.execute("SET ROLE bursar_application")
        self.pids.append(connection.get_server_pid())
        return connection
