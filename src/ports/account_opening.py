"""Accounts that open when they are first needed."""

from typing import Protocol

from core.domain.accounts import Purpose
from core.domain.identifiers import AccountId, GatewayAccountId, TenantId, WalletId


class AccountOpening(Protocol):
    """Opens idempotently, in a transaction of its own, before the posting that needs the account; keeps who asked."""

    async def ensure_system(
        self, tenant_id: TenantId, purpose: Purpose, asset: str, *, trace_id: str | None = None
    ) -> AccountId:
        """
        The tenant's account of that purpose and asset, open.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        ...

    async def ensure_reserve(
        self, tenant_id: TenantId, wallet_id: WalletId, asset: str, *, trace_id: str | None = None
    ) -> AccountId:
        """The wallet's reserve account, open."""
        ...

    async def ensure_gateway(
        self,
        tenant_id: TenantId,
        gateway_account: GatewayAccountId,
        purpose: Purpose,
        asset: str,
        *,
        trace_id: str | None = None,
    ) -> AccountId:
        """
        The tenant's account of that purpose at a gateway account, open.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        ...
