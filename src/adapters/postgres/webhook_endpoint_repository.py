"""Webhook endpoints in PostgreSQL, their secrets sealed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.columns import columns_of, value_of
from adapters.postgres.orchestration_tables import WebhookEndpointRow
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_endpoints import DisabledReason, EndpointStatus, WebhookEndpoint, WebhookEndpointNotFound
from core.domain.webhook_filters import EventFilter
from core.domain.webhook_secrets import SigningKey, WebhookSecret
from ports.cipher import Cipher, SealBroken

_FIXED = ("tenant_id", "id", "created_at")
_NO_SECRETS = b""


class _SealedSecret(msgspec.Struct, frozen=True, array_like=True):
    """A secret as it is sealed."""

    key: bytes
    expires_at: datetime | None


class PostgresWebhookEndpointRepository:
    """Implements `ports.webhook_endpoint_repository.WebhookEndpointRepository`."""

    def __init__(self, session: AsyncSession, cipher: Callable[[], Cipher]) -> None:
        """Work in the session's transaction; *cipher* is asked for when secrets are read or written, not before."""
        self._session = session
        self._cipher = cipher

    async def add(self, endpoint: WebhookEndpoint) -> None:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.add`."""
        await self._session.execute(
            insert(WebhookEndpointRow).values(**self._columns(endpoint), updated_at=func.schedule_now())
        )

    async def get(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.get`."""
        return await self._one(tenant_id, endpoint_id, for_update=False)

    async def lock(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.lock`."""
        return await self._one(tenant_id, endpoint_id, for_update=True)

    async def save(self, endpoint: WebhookEndpoint) -> None:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.save`."""
        values = {name: value for name, value in self._columns(endpoint).items() if name not in _FIXED}
        await self._update(endpoint.tenant_id, endpoint.id, **values)

    async def delete(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> None:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.delete`."""
        await self._update(tenant_id, endpoint_id, deleted_at=func.schedule_now(), sealed_secrets=_NO_SECRETS)

    async def page(
        self, tenant_id: TenantId, *, after: WebhookEndpointId | None, limit: int
    ) -> Sequence[WebhookEndpoint]:
        """See `ports.webhook_endpoint_repository.WebhookEndpointRepository.page`."""
        query = (
            select(WebhookEndpointRow)
            .where(WebhookEndpointRow.tenant_id == tenant_id, WebhookEndpointRow.deleted_at.is_(None))
            .order_by(WebhookEndpointRow.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(WebhookEndpointRow.id > after)
        return [self._listed(row) for row in await self._session.scalars(query)]

    async def _one(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, *, for_update: bool) -> WebhookEndpoint:
        query = select(WebhookEndpointRow).where(
            WebhookEndpointRow.tenant_id == tenant_id,
            WebhookEndpointRow.id == endpoint_id,
            WebhookEndpointRow.deleted_at.is_(None),
        )
        if for_update:
            query = query.with_for_update(key_share=True)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise WebhookEndpointNotFound(f"no webhook endpoint {endpoint_id}")
        return _endpoint(row, self._secrets(row))

    async def _update(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId, **values: object) -> None:
        await self._session.execute(
            update(WebhookEndpointRow)
            .where(WebhookEndpointRow.tenant_id == tenant_id, WebhookEndpointRow.id == endpoint_id)
            .values(**values, updated_at=func.schedule_now())
            .execution_options(synchronize_session=False)
        )

    def _columns(self, endpoint: WebhookEndpoint) -> dict[str, Any]:
        columns = columns_of(endpoint)
        secrets = [_SealedSecret(secret.value.key, secret.expires_at) for secret in columns.pop("secrets")]
        return columns | {
            "event_types": [one.pattern for one in endpoint.event_types],
            "sealed_secrets": self._cipher().seal(
                msgspec.json.encode(secrets), context=_context(endpoint.tenant_id, endpoint.id)
            ),
        }

    def _listed(self, row: WebhookEndpointRow) -> WebhookEndpoint:
        """The endpoint; without secrets where they cannot be opened, so that the others of its page are there."""
        try:
            secrets = self._secrets(row)
        except SealBroken:
            secrets = ()
        return _endpoint(row, secrets)

    def _secrets(self, row: WebhookEndpointRow) -> tuple[WebhookSecret, ...]:
        opened = self._cipher().open(
            row.sealed_secrets, context=_context(TenantId(row.tenant_id), WebhookEndpointId(row.id))
        )
        return tuple(
            WebhookSecret(SigningKey(secret.key), secret.expires_at)
            for secret in msgspec.json.decode(opened, type=list[_SealedSecret])
        )


def _endpoint(row: WebhookEndpointRow, secrets: tuple[WebhookSecret, ...]) -> WebhookEndpoint:
    return value_of(
        WebhookEndpoint,
        row,
        event_types=tuple(map(EventFilter, row.event_types)),
        secrets=secrets,
        status=EndpointStatus(row.status),
        disabled_reason=None if row.disabled_reason is None else DisabledReason(row.disabled_reason),
    )


def _context(tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> str:
    """The one place where these secrets may be opened."""
    return f"webhook_endpoints|sealed_secrets|{tenant_id}|{endpoint_id}"
