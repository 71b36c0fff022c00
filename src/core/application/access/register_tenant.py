"""A third-party application comes aboard: tenant, assets, first keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access import ApiKey
from core.domain.assets import Asset, iso_currencies
from core.domain.identifiers import TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTenant:
    """The tenant, the keys it begins with, and assets besides ISO 4217's currencies."""

    tenant_id: TenantId
    name: str
    keys: Sequence[ApiKey]
    assets: Sequence[Asset] = ()


@dataclass(frozen=True, slots=True)
class RegisterTenantHandler:
    """Idempotent: what is there stays, what is missing is added."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, command: RegisterTenant) -> None:
        """
        Make it so.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            await work.tenants.add(command.tenant_id, command.name)
            for key in command.keys:
                await work.tenants.add_key(key)
            await work.assets.add(command.tenant_id, (*iso_currencies(), *command.assets))
            await work.commit()
