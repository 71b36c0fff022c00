"""What never changes about a wallet."""

from typing import Protocol

from core.domain.identifiers import TenantId, WalletId


class WalletDirectory(Protocol):
    """Look-ups whose answers may be remembered: a wallet keeps its user and asset for ever."""

    async def asset_of(self, tenant_id: TenantId, wallet_id: WalletId) -> str:
        """
        The code of the wallet's asset.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        ...

    async def find(self, tenant_id: TenantId, user_id: str, asset: str) -> WalletId:
        """
        The user's wallet in that asset.

        Raises:
            WalletNotFound: If the user has none.
        """
        ...
