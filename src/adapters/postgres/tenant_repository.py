"""Tenants and their API keys in PostgreSQL."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.tables import ApiKeyRow, TenantRow
from core.domain.access import ApiKey
from core.domain.identifiers import TenantId


class PostgresTenantRepository:
    """Implements `ports.tenant_repository.TenantRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, tenant_id: TenantId, name: str) -> bool:
        """Keep a new tenant; False when the id is taken."""
        added = await self._session.scalar(
            insert(TenantRow)
            .values(tenant_id=tenant_id, name=name)
            .on_conflict_do_nothing()
            .returning(TenantRow.tenant_id)
        )
        return added is not None

    async def add_key(self, key: ApiKey) -> bool:
        """Keep a new API key; False when its id is taken."""
        added = await self._session.scalar(
            insert(ApiKeyRow)
            .values(
                tenant_id=key.tenant_id,
                id=key.id,
                name=key.name,
                role=key.role.value,
                environment=key.environment.value,
                secret_hash=key.secret_hash,
                last_four=key.last_four,
                created_at=key.created_at,
                expires_at=key.expires_at,
                revoked_at=key.revoked_at,
            )
            .on_conflict_do_nothing()
            .returning(ApiKeyRow.id)
        )
        return added is not None
