"""Assets in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.postgres.tables import AssetRow
from core.domain.assets import Asset, AssetKind, AssetNotFound
from core.domain.identifiers import TenantId


class PostgresAssetRepository:
    """Implements `ports.asset_repository.AssetRepository`."""

    def __init__(self, session: AsyncSession) -> None:
        """Work in the session's transaction."""
        self._session = session

    async def add(self, tenant_id: TenantId, assets: Sequence[Asset]) -> int:
        """Keep the assets whose codes are free; how many those were."""
        rows = [
            {
                "tenant_id": tenant_id,
                "code": asset.code,
                "name": asset.name,
                "exponent": asset.exponent,
                "kind": asset.kind.value,
            }
            for asset in assets
        ]
        added = await self._session.scalars(
            insert(AssetRow).values(rows).on_conflict_do_nothing().returning(AssetRow.code)
        )
        return len(added.all())

    async def get(self, tenant_id: TenantId, code: str) -> Asset:
        """
        One asset.

        Raises:
            AssetNotFound: If there is none of that code.
        """
        row = await self._session.scalar(select(AssetRow).where(AssetRow.tenant_id == tenant_id, AssetRow.code == code))
        if row is None:
            raise AssetNotFound(f"no asset {code}", pointer="#/asset")
        return _asset(row)

    async def page(self, tenant_id: TenantId, *, after: str, limit: int) -> list[Asset]:
        """The next *limit* assets by code, behind *after*."""
        rows = await self._session.scalars(
            select(AssetRow)
            .where(AssetRow.tenant_id == tenant_id, AssetRow.code > after)
            .order_by(AssetRow.code)
            .limit(limit)
        )
        return [_asset(row) for row in rows]


def _asset(row: AssetRow) -> Asset:
    return Asset(row.code, row.name, row.exponent, AssetKind(row.kind))
