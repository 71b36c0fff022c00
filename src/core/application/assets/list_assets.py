"""A tenant's assets, page by page."""

from dataclasses import dataclass

from core.domain.assets import Asset
from core.domain.identifiers import TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListAssetsHandler:
    """Reads only."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, tenant_id: TenantId, *, after: str, limit: int) -> list[Asset]:
        """The next *limit* assets by code, behind *after*."""
        async with self.unit_of_work() as work:
            return await work.assets.page(tenant_id, after=after, limit=limit)
