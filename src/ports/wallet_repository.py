"""Wallets with their balances."""

from typing import Protocol

from core.domain.accounts import AccountStatus
from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet


class WalletRepository(Protocol):
    """Wallets, inside one unit of work."""

    async def open(
        self, tenant_id: TenantId, wallet_id: WalletId, *, user_id: str, asset: str, metadata: str | None
    ) -> bool:
        """
        Open the wallet with its main account, unless the user has one in that asset; whether it was opened.

        Raises:
            AssetNotFound: If the tenant has no such asset.
        """
        ...

    async def get(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        One wallet with its balance.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        ...

    async def of_user(self, tenant_id: TenantId, user_id: str, asset: str) -> Wallet:
        """
        The user's wallet in one asset.

        Raises:
            WalletNotFound: If the user has none.
        """
        ...

    async def lock(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        The wallet, kept from changing until the unit of work ends.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        ...

    async def set_status(self, tenant_id: TenantId, wallet_id: WalletId, status: AccountStatus) -> None:
        """Change the status of its accounts."""
        ...

    async def set_metadata(self, tenant_id: TenantId, wallet_id: WalletId, metadata: str | None) -> None:
        """Replace its metadata (canonical JSON text, or None for none)."""
        ...
