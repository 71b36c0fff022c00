"""Gateway accounts, as a unit of work sees them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.gateway_accounts import GatewayAccount
from core.domain.identifiers import GatewayAccountId, TenantId


class GatewayAccountRepository(Protocol):
    """A tenant's accounts with providers; credentials are named, never kept."""

    async def add(self, account: GatewayAccount) -> None:
        """
        Keep a fresh one.

        Raises:
            GatewayAccountNameTaken: If the tenant has one of that name.
        """
        ...

    async def save(self, account: GatewayAccount) -> None:
        """
        Write what may change: all but its id and gateway.

        Raises:
            GatewayAccountNameTaken: If the tenant has another one of that name.
        """
        ...

    async def get(self, tenant_id: TenantId, account_id: GatewayAccountId) -> GatewayAccount:
        """
        One of them.

        Raises:
            GatewayAccountNotFound: If the tenant has none of that id.
        """
        ...

    async def lock(self, tenant_id: TenantId, account_id: GatewayAccountId) -> GatewayAccount:
        """
        One of them, kept from changing until the unit of work ends.

        Raises:
            GatewayAccountNotFound: If the tenant has none of that id.
        """
        ...

    async def movement_cursor(self, tenant_id: TenantId, account_id: GatewayAccountId) -> str | None:
        """How far the balance at the provider was read; None before the first page."""
        ...

    async def keep_movement_cursor(self, tenant_id: TenantId, account_id: GatewayAccountId, cursor: str) -> None:
        """Read up to there."""
        ...

    async def all(self, tenant_id: TenantId) -> Sequence[GatewayAccount]:
        """All of the tenant's, oldest first; there are few."""
        ...

    async def find(self, account_id: GatewayAccountId) -> GatewayAccount | None:
        """Whose account that is, over all tenants: for a provider's webhook, which names nothing else."""
        ...
