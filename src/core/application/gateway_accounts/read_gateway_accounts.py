"""Read accounts with providers."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.gateway_accounts import GatewayAccount
from core.domain.identifiers import GatewayAccountId, TenantId
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReadGatewayAccountsHandler:
    """Accounts as they stand; a tenant has few."""

    unit_of_work: UnitOfWorkFactory

    async def get(self, tenant_id: TenantId, account_id: GatewayAccountId) -> GatewayAccount:
        """
        One account.

        Raises:
            GatewayAccountNotFound: If the tenant has none of that id.
        """
        async with self.unit_of_work() as work:
            return await work.gateway_accounts.get(tenant_id, account_id)

    async def all(self, tenant_id: TenantId) -> Sequence[GatewayAccount]:
        """All of them, oldest first."""
        async with self.unit_of_work() as work:
            return await work.gateway_accounts.all(tenant_id)
