"""Webhook deliveries in PostgreSQL, for readers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.orchestration_tables import WebhookAttemptRow, WebhookDeliveryRow
from adapters.postgres.webhook_delivery_rows import delivery_attempt, stored_delivery
from core.domain.identifiers import TenantId, WebhookDeliveryId
from core.domain.webhook_deliveries import WebhookDeliveryNotFound
from ports.webhook_delivery_reader import DeliveryFilter
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery


class PostgresWebhookDeliveryReader:
    """Implements `ports.webhook_delivery_reader.WebhookDeliveryReader`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Read through *sessions*."""
        self._sessions = sessions

    async def get(self, tenant_id: TenantId, delivery_id: WebhookDeliveryId) -> StoredDelivery:
        """See `ports.webhook_delivery_reader.WebhookDeliveryReader.get`."""
        query = select(WebhookDeliveryRow).where(
            WebhookDeliveryRow.tenant_id == tenant_id, WebhookDeliveryRow.id == delivery_id
        )
        with translated():
            async with self._sessions() as session:
                row = await session.scalar(query)
        if row is None:
            raise WebhookDeliveryNotFound(f"no webhook delivery {delivery_id}")
        return stored_delivery(row)

    async def attempts(self, tenant_id: TenantId, delivery_id: WebhookDeliveryId) -> Sequence[DeliveryAttempt]:
        """See `ports.webhook_delivery_reader.WebhookDeliveryReader.attempts`."""
        query = (
            select(WebhookAttemptRow)
            .where(WebhookAttemptRow.tenant_id == tenant_id, WebhookAttemptRow.delivery_id == delivery_id)
            .order_by(WebhookAttemptRow.attempt)
        )
        with translated():
            async with self._sessions() as session:
                return [delivery_attempt(row) for row in await session.scalars(query)]

    async def page(
        self, tenant_id: TenantId, chosen: DeliveryFilter, *, before: WebhookDeliveryId | None, limit: int
    ) -> Sequence[StoredDelivery]:
        """See `ports.webhook_delivery_reader.WebhookDeliveryReader.page`."""
        query = (
            select(WebhookDeliveryRow)
            .where(WebhookDeliveryRow.tenant_id == tenant_id)
            .order_by(WebhookDeliveryRow.id.desc())
            .limit(limit)
        )
        if chosen.endpoint_id is not None:
            query = query.where(WebhookDeliveryRow.endpoint_id == chosen.endpoint_id)
        if chosen.status is not None:
            query = query.where(WebhookDeliveryRow.status == chosen.status.value)
        if chosen.event_type is not None:
            query = query.where(WebhookDeliveryRow.event_type == chosen.event_type)
        if before is not None:
            query = query.where(WebhookDeliveryRow.id < before)
        with translated():
            async with self._sessions() as session:
                return [stored_delivery(row) for row in await session.scalars(query)]
