"""Webhook deliveries in PostgreSQL."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import CTE, DateTime, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of
from adapters.postgres.orchestration_tables import WebhookAttemptRow, WebhookDeliveryRow
from adapters.postgres.webhook_delivery_rows import standing_columns, stored_delivery
from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus
from ports.webhook_delivery_repository import DeliveryAttempt, DeliveryRange, StoredDelivery

# Asked once a statement: a volatile function beside a column would be asked for each row, and keep the index away.
_NOW = select(func.schedule_now(type_=DateTime(timezone=True))).scalar_subquery()


class PostgresWebhookDeliveryRepository:
    """Implements `ports.webhook_delivery_repository.WebhookDeliveryRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def claim(
        self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, lease: timedelta, limit: int
    ) -> Sequence[StoredDelivery]:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.claim`."""
        due = _first_pending(tenant_id, endpoint_id, limit=limit, only_due=True)
        rows = await self._session.scalars(
            update(WebhookDeliveryRow)
            .where(WebhookDeliveryRow.tenant_id == tenant_id, WebhookDeliveryRow.id == due.c.id)
            .values(attempt=WebhookDeliveryRow.attempt + 1, next_attempt_at=_NOW + lease)
            .returning(WebhookDeliveryRow)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        return sorted(map(stored_delivery, rows), key=lambda stored: stored.event_position)

    async def lock(self, tenant_id: TenantId, ids: Sequence[WebhookDeliveryId]) -> Sequence[StoredDelivery]:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.lock`."""
        return await self._locked(
            select(WebhookDeliveryRow)
            .where(WebhookDeliveryRow.tenant_id == tenant_id, WebhookDeliveryRow.id.in_(ids))
            .order_by(WebhookDeliveryRow.id)
        )

    async def lock_range(self, tenant_id: TenantId, chosen: DeliveryRange, *, limit: int) -> Sequence[StoredDelivery]:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.lock_range`."""
        query = (
            select(WebhookDeliveryRow)
            .where(
                WebhookDeliveryRow.tenant_id == tenant_id,
                WebhookDeliveryRow.endpoint_id == chosen.endpoint_id,
                WebhookDeliveryRow.status == chosen.status.value,
                WebhookDeliveryRow.event_position > chosen.after_position,
            )
            .order_by(WebhookDeliveryRow.event_position)
            .limit(limit)
        )
        if chosen.until_position is not None:
            query = query.where(WebhookDeliveryRow.event_position <= chosen.until_position)
        if chosen.since is not None:
            query = query.where(WebhookDeliveryRow.created_at >= chosen.since)
        if chosen.until is not None:
            query = query.where(WebhookDeliveryRow.created_at < chosen.until)
        return await self._locked(query)

    async def save(self, deliveries: Sequence[StoredDelivery]) -> None:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.save`."""
        if deliveries:
            await self._session.execute(update(WebhookDeliveryRow), [standing_columns(each) for each in deliveries])

    async def record(self, delivery: StoredDelivery, attempt: DeliveryAttempt) -> bool:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.record`."""
        of_which = {"tenant_id": delivery.delivery.tenant_id, "delivery_id": delivery.delivery.id}
        added = await self._session.scalar(
            insert(WebhookAttemptRow)
            .values(columns_of(attempt) | of_which)
            .on_conflict_do_nothing()
            .returning(WebhookAttemptRow.attempt)
        )
        return added is not None

    async def cancel_pending(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, limit: int) -> int:
        """See `ports.webhook_delivery_repository.WebhookDeliveryRepository.cancel_pending`."""
        first = _first_pending(tenant_id, endpoint_id, limit=limit, only_due=False)
        canceled = await self._session.execute(
            update(WebhookDeliveryRow)
            .where(WebhookDeliveryRow.tenant_id == tenant_id, WebhookDeliveryRow.id == first.c.id)
            .values(status=DeliveryStatus.CANCELED.value, next_attempt_at=None, finished_at=_NOW)
            .returning(WebhookDeliveryRow.id)
            .execution_options(synchronize_session=False)
        )
        return len(canceled.all())

    async def _locked(self, query: Select[WebhookDeliveryRow]) -> Sequence[StoredDelivery]:
        locking = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return [stored_delivery(row) for row in await self._session.scalars(locking)]


def _first_pending(tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, limit: int, only_due: bool) -> CTE:
    """The ids of an endpoint's first pending deliveries, locked; what others hold is passed over."""
    query = (
        select(WebhookDeliveryRow.id)
        .where(
            WebhookDeliveryRow.tenant_id == tenant_id,
            WebhookDeliveryRow.endpoint_id == endpoint_id,
            WebhookDeliveryRow.status == DeliveryStatus.PENDING.value,
        )
        .order_by(WebhookDeliveryRow.next_attempt_at, WebhookDeliveryRow.event_position)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    if only_due:
        query = query.where(WebhookDeliveryRow.next_attempt_at <= _NOW)
    return query.cte("first")
