"""The third-party applications."""

from typing import Protocol

from core.domain.access import ApiKey
from core.domain.identifiers import TenantId


class TenantRepository(Protocol):
    """Tenants and their API keys, inside one unit of work."""

    async def add(self, tenant_id: TenantId, name: str) -> bool:
        """Keep a new tenant; False when the id is taken."""
        ...

    async def add_key(self, key: ApiKey) -> bool:
        """Keep a new API key; False when its id is taken."""
        ...
