"""An outbox of a test's own, told of events by SQL, so that a test says when each happened and when it is committed."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.event_log import PostgresEventLog
from conftest import TestDatabase
from core.domain.events import Event
from core.domain.identifiers import TenantId
from entrypoints.container import Container

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "0123456789abcdef0123456789abcdef"
_TELL = """
INSERT INTO outbox (tenant_id, id, ordinal, type, subject, trace_id, occurred_at, payload)
VALUES ($1, $2, $3, $7, $2, $4, $5,
        json_build_object('endpoint_id', $2::uuid, 'message', $6::text))
"""
_PATIENCE = 1000
"""Calls after which a relay that is never done has failed."""


class Outbox:
    """One database's, and the connection that tells it things."""

    def __init__(self, container: Container, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.container = container
        self.connection = connection

    def log(self) -> PostgresEventLog:
        """A relay's; each remembers for itself which tenants it served."""
        return PostgresEventLog(self.container.sessions(), self.container.ids())

    async def tell(
        self, tenant_id: TenantId, *seconds: float, event_type: str = "webhook_endpoint.tested"
    ) -> list[UUID]:
        """Events of so many seconds after the beginning, in the transaction that is open; their ids."""
        rows = [
            (tenant_id, uuid4(), ordinal, TRACE, MOMENT + timedelta(seconds=second), f"second {second}", event_type)
            for ordinal, second in enumerate(seconds, 1)
        ]
        await self.connection.executemany(_TELL, rows)
        return [row[1] for row in rows]

    async def flood(self, tenant_id: TenantId, count: int) -> None:
        """So many events, a second apart."""
        await self.tell(tenant_id, *range(count))


@asynccontextmanager
async def outbox_of(database: TestDatabase) -> AsyncGenerator[Outbox]:
    """The outbox of *database*, as the tables' owner writes it."""
    container = database.container()
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield Outbox(container, connection)
    finally:
        await connection.close()
        await container.database().dispose()


async def drained(log: PostgresEventLog, *, limit: int) -> int:
    """Record until nothing waits; in how many calls."""
    for calls in range(1, _PATIENCE):
        if (await log.record(limit=limit)).events == 0:
            return calls
    raise AssertionError("the outbox is never empty")


async def whole(log: PostgresEventLog, tenant_id: TenantId) -> Sequence[Event]:
    """Everything a tenant's log holds."""
    return await log.page(tenant_id, after=0, limit=100_000)


def new_tenant() -> TenantId:
    """Somebody; the log asks nobody who that is."""
    return TenantId(uuid4())


def places(events: Sequence[Event]) -> list[int]:
    """Their positions."""
    return [event.position for event in events]
