"""The event log in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres import event_log_statements as sql
from adapters.postgres.driver_connection import driver_connection
from adapters.postgres.errors import translated
from adapters.postgres.transfer_events import ToldTransfer, tell_transfers
from adapters.postgres.webhook_fan_out import FannedEvent, fan_out
from core.domain.events import Event
from core.domain.identifiers import EventId, TenantId
from ports.event_log import Recorded
from ports.id_generator import IdGenerator

_NOBODY = UUID(int=0)
_FAIR_SHARE = 4
"""A tenant gets at most this part of one call, so that at least so many are served by it."""

# Plans are made once, perhaps while the tables are small: they must not read and sort a whole outbox, nor join in
# another order than the statements are written in.
_BY_KEY = text("""
SELECT set_config('lock_timeout', '5s', true), set_config('join_collapse_limit', '1', true),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_material', 'off', true)
""")


class PostgresEventLog:
    """Implements `ports.event_log.EventLog`; remembers which tenants it served last."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], ids: IdGenerator) -> None:
        """Work through *sessions*; deliveries take their ids from *ids*."""
        self._sessions = sessions
        self._ids = ids
        self._served = self._told = _NOBODY

    async def record(self, *, limit: int) -> Recorded:
        """See `ports.event_log.EventLog.record`."""
        share = max(1, limit // _FAIR_SHARE)
        with translated():
            async with self._sessions() as session:
                await session.execute(_BY_KEY)
                connection = await driver_connection(session)
                rows = await connection.fetch(sql.RECORD, self._served, share, limit)
                if not rows and self._served != _NOBODY:
                    rows = await connection.fetch(sql.RECORD, _NOBODY, share, limit)
                fanned = [FannedEvent(TenantId(row[0]), row[1], EventId(row[2]), row[3], row[4]) for row in rows]
                endpoints = await fan_out(session, fanned, self._ids)
                await session.commit()
        self._served = max((row[0] for row in rows), default=_NOBODY) if len(rows) >= limit else _NOBODY
        return Recorded(len(rows), endpoints)

    async def unpublished(self, *, limit: int) -> Sequence[Event]:
        """See `ports.event_log.EventLog.unpublished`."""
        share = max(1, limit // _FAIR_SHARE)
        found = await self._events(sql.UNPUBLISHED, limit, share, self._told)
        if not found and self._told != _NOBODY:
            found = await self._events(sql.UNPUBLISHED, limit, share, _NOBODY)
        self._told = found[-1].tenant_id if len(found) >= limit else _NOBODY
        return found

    async def mark_published(self, positions: Mapping[TenantId, int]) -> None:
        """See `ports.event_log.EventLog.mark_published`."""
        tenants = sorted(positions)
        await self._execute(sql.MARK_PUBLISHED, tenants, [positions[tenant] for tenant in tenants])

    async def publish_again(self, *, since: timedelta, at_most: int) -> None:
        """See `ports.event_log.EventLog.publish_again`."""
        await self._execute(sql.PUBLISH_AGAIN, since, at_most)

    async def waiting_seconds(self) -> float:
        """See `ports.event_log.EventLog.waiting_seconds`."""
        with translated():
            async with self._sessions() as session:
                return float(await (await driver_connection(session)).fetchval(sql.WAITING_SECONDS) or 0)

    async def page(
        self, tenant_id: TenantId, *, after: int, limit: int, event_type: str | None = None
    ) -> Sequence[Event]:
        """See `ports.event_log.EventLog.page`."""
        if event_type is None:
            return await self._events(sql.PAGE, tenant_id, after, limit)
        return await self._events(sql.PAGE_OF_TYPE, tenant_id, after, limit, event_type)

    async def at(self, tenant_id: TenantId, positions: Sequence[int]) -> Sequence[Event]:
        """See `ports.event_log.EventLog.at`."""
        return await self._events(sql.AT, tenant_id, list(positions))

    async def _events(self, query: str, *arguments: object) -> list[Event]:
        with translated():
            async with self._sessions() as session:
                await session.execute(_BY_KEY)
                connection = await driver_connection(session)
                rows = await connection.fetch(query, *arguments)
                transfers = [ToldTransfer(row[0], row[4], row[6]) for row in rows if row[7] is None]
                told = iter(await tell_transfers(connection, transfers))
                return [_event(row, next(told) if row[7] is None else row[7].encode()) for row in rows]

    async def _execute(self, statement: str, *arguments: object) -> None:
        with translated():
            async with self._sessions() as session:
                connection = await driver_connection(session)
                await connection.execute(statement, *arguments)
                await session.commit()


def _event(row: asyncpg.Record, told: bytes) -> Event:
    tenant_id, position, event_id, type_, subject, trace_id, occurred_at, _payload = row
    return Event(
        tenant_id=TenantId(tenant_id),
        position=position,
        id=EventId(event_id),
        type=type_,
        subject=subject,
        trace_id=trace_id,
        occurred_at=occurred_at,
        data=told,
    )
