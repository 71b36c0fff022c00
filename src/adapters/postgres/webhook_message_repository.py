"""Webhook messages in PostgreSQL."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.orchestration_tables import WebhookMessageRow
from core.domain.identifiers import TenantId


class PostgresWebhookMessageRepository:
    """Implements `ports.webhook_message_repository.WebhookMessageRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def kept(self, tenant_id: TenantId, positions: Sequence[int]) -> Mapping[int, bytes]:
        """See `ports.webhook_message_repository.WebhookMessageRepository.kept`."""
        rows = await self._session.execute(
            select(WebhookMessageRow.event_position, WebhookMessageRow.body).where(
                WebhookMessageRow.tenant_id == tenant_id, WebhookMessageRow.event_position.in_(positions)
            )
        )
        return {row.event_position: row.body for row in rows}

    async def keep(self, tenant_id: TenantId, bodies: Mapping[int, bytes]) -> Mapping[int, bytes]:
        """See `ports.webhook_message_repository.WebhookMessageRepository.keep`."""
        rows = [
            {"tenant_id": tenant_id, "event_position": position, "body": bodies[position]}
            for position in sorted(bodies)  # in one order, so that two workers wait for each other one way only
        ]
        if rows:
            await self._session.execute(insert(WebhookMessageRow).values(rows).on_conflict_do_nothing())
        return await self.kept(tenant_id, list(bodies))
