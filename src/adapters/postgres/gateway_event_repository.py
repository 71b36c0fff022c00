"""What providers told us, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.payment_tables import GatewayEventRow
from core.domain.gateway_events import GatewayEvent, GatewayEventNotFound, GatewayEventStatus
from core.domain.identifiers import GatewayAccountId, GatewayEventId, TenantId

_OTHER_BODY = "another event with this id said something else before"


class PostgresGatewayEventRepository:
    """Implements `ports.gateway_event_repository.GatewayEventRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def receive(self, event: GatewayEvent) -> GatewayEventId | None:
        """See `ports.gateway_event_repository.GatewayEventRepository.receive`."""
        # The first body under an id is the only one with that mark (gateway_events_one_first): also of two at once.
        if await self._insert(event, is_first=True):
            return event.id
        conflicting = replace(event, status=GatewayEventStatus.CONFLICTING, detail=_OTHER_BODY)
        if not await self._count(event) and not await self._insert(conflicting, is_first=False):
            await self._count(event)  # the same other body, at once
        return None

    async def _insert(self, event: GatewayEvent, *, is_first: bool) -> bool:
        values = columns_of(event) | {"is_first": is_first}
        added = await self._session.scalar(
            insert(GatewayEventRow).values(values).on_conflict_do_nothing().returning(GatewayEventRow.id)
        )
        return added is not None

    async def _count(self, event: GatewayEvent) -> bool:
        """Once more, if exactly this came before."""
        counted = await self._session.scalar(
            update(GatewayEventRow)
            .where(
                GatewayEventRow.tenant_id == event.tenant_id,
                GatewayEventRow.gateway_account == event.gateway_account,
                GatewayEventRow.event_id == event.event_id,
                GatewayEventRow.body_digest == event.body_digest,
            )
            .values(times_received=GatewayEventRow.times_received + 1)
            .returning(GatewayEventRow.id)
        )
        return counted is not None

    async def lock(self, tenant_id: TenantId, event_id: GatewayEventId) -> GatewayEvent:
        """See `ports.gateway_event_repository.GatewayEventRepository.lock`."""
        return await self._one(tenant_id, event_id, for_update=True)

    async def get(self, tenant_id: TenantId, event_id: GatewayEventId) -> GatewayEvent:
        """See `ports.gateway_event_repository.GatewayEventRepository.get`."""
        return await self._one(tenant_id, event_id, for_update=False)

    async def save(self, event: GatewayEvent) -> None:
        """See `ports.gateway_event_repository.GatewayEventRepository.save`."""
        await self._session.execute(
            update(GatewayEventRow)
            .where(GatewayEventRow.tenant_id == event.tenant_id, GatewayEventRow.id == event.id)
            .values(status=event.status.value, detail=event.detail, applied_at=event.applied_at)
        )

    async def page(
        self,
        tenant_id: TenantId,
        *,
        gateway_account: GatewayAccountId | None,
        status: GatewayEventStatus | None,
        before: GatewayEventId | None,
        limit: int,
    ) -> Sequence[GatewayEvent]:
        """See `ports.gateway_event_repository.GatewayEventRepository.page`."""
        query = (
            select(GatewayEventRow)
            .where(GatewayEventRow.tenant_id == tenant_id)
            .order_by(GatewayEventRow.id.desc())
            .limit(limit)
        )
        if gateway_account is not None:
            query = query.where(GatewayEventRow.gateway_account == gateway_account)
        if status is not None:
            query = query.where(GatewayEventRow.status == status.value)
        if before is not None:
            query = query.where(GatewayEventRow.id < before)
        return [_event(row) for row in await self._session.scalars(query)]

    async def _one(self, tenant_id: TenantId, event_id: GatewayEventId, *, for_update: bool) -> GatewayEvent:
        query = select(GatewayEventRow).where(GatewayEventRow.tenant_id == tenant_id, GatewayEventRow.id == event_id)
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise GatewayEventNotFound(f"no gateway event {event_id}")
        return _event(row)


def _event(row: GatewayEventRow) -> GatewayEvent:
    return value_of(GatewayEvent, row, status=GatewayEventStatus(row.status))
