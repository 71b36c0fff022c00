"""A tenant's assets."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.assets import Asset
from core.domain.identifiers import TenantId


class AssetRepository(Protocol):
    """Assets, inside one unit of work."""

    async def add(self, tenant_id: TenantId, assets: Sequence[Asset]) -> int:
        """Keep the assets whose codes are free; how many those were."""
        ...

    async def get(self, tenant_id: TenantId, code: str) -> Asset:
        """
        One asset.

        Raises:
            AssetNotFound: If there is none of that code.
        """
        ...

    async def page(self, tenant_id: TenantId, *, after: str, limit: int) -> list[Asset]:
        """The next *limit* assets by code, behind *after*."""
        ...
