"""Whose API key is this? One of the few look-ups across tenants, through a function of the tables' owner."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.tables import ApiKeyRow
from core.domain.access import ApiKey, Environment, Role
from core.domain.identifiers import ApiKeyId, TenantId


class PostgresApiKeyFinder:
    """Implements `ports.api_key_finder.ApiKeyFinder`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Look up through *sessions*."""
        self._sessions = sessions

    async def find(self, key_id: ApiKeyId) -> ApiKey | None:
        """The key of that id, live or not, or None."""
        found = func.find_api_key(key_id).table_valued(*ApiKeyRow.__table__.columns, name="found")
        with translated():
            async with self._sessions() as session:
                row = (await session.execute(select(found))).first()
        if row is None:
            return None
        return ApiKey(
            tenant_id=TenantId(row.tenant_id),
            id=ApiKeyId(row.id),
            name=row.name,
            role=Role(row.role),
            environment=Environment(row.environment),
            secret_hash=row.secret_hash,
            last_four=row.last_four,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
