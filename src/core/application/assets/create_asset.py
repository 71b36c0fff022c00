"""A tenant adds an asset of its own."""

from dataclasses import dataclass

from core.domain.assets import Asset, AssetAlreadyExists, AssetKind
from core.domain.identifiers import TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAsset:
    """Add the asset of that code, with 0 to 8 decimals."""

    tenant_id: TenantId
    code: str
    name: str
    exponent: int
    kind: AssetKind
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreateAssetHandler:
    """The same asset again changes nothing."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, command: CreateAsset) -> tuple[Asset, bool]:
        """
        The asset, and whether it is new.

        Raises:
            InvalidAsset: If the asset breaks a rule.
            AssetAlreadyExists: If the code is taken with other properties.
        """
        asset = Asset(command.code, command.name, command.exponent, command.kind)
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            added = await work.assets.add(command.tenant_id, [asset])
            kept = await work.assets.get(command.tenant_id, asset.code)
            await work.commit()
        if kept != asset:
            raise AssetAlreadyExists(f"{asset.code} exists with other properties", pointer="#/code")
        return kept, bool(added)
