"""Assets over the wire."""

from typing import Annotated, Self

import msgspec
from msgspec import Meta

from core.application.assets.create_asset import CreateAsset
from core.domain.assets import Asset, AssetKind
from core.domain.identifiers import TenantId
from entrypoints.http.schemas.fields import PRINTABLE_PATTERN, AssetCode, Request


class CreateAssetRequest(Request, frozen=True, kw_only=True):
    """An asset of the tenant's own."""

    code: AssetCode
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PRINTABLE_PATTERN)]
    exponent: Annotated[int, Meta(ge=0, le=8, description="Decimals of its major unit.")] = 0
    kind: AssetKind = AssetKind.POINTS

    def to_command(self, tenant_id: TenantId, *, trace_id: str) -> CreateAsset:
        """The same for the core."""
        return CreateAsset(
            tenant_id=tenant_id,
            code=self.code,
            name=self.name,
            exponent=self.exponent,
            kind=self.kind,
            trace_id=trace_id,
        )


class AssetResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An asset."""

    code: str
    name: str
    exponent: int
    kind: AssetKind

    @classmethod
    def of(cls, asset: Asset) -> Self:
        """As clients read it."""
        return cls(code=asset.code, name=asset.name, exponent=asset.exponent, kind=asset.kind)
