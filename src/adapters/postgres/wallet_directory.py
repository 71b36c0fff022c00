"""What never changes about a wallet, looked up once a process."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.remembered import Remembered
from adapters.postgres.tables import WalletRow
from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import WalletNotFound

_CAPACITY = 50_000
"""Facts of each kind kept: some 10 MB."""


class PostgresWalletDirectory:
    """Implements `ports.wallet_directory.WalletDirectory`; remembers what it finds, never what it does not."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Look up through *sessions*."""
        self._sessions = sessions
        self._assets: Remembered[tuple[TenantId, WalletId], str] = Remembered(_CAPACITY)
        self._wallets: Remembered[tuple[TenantId, str, str], WalletId] = Remembered(_CAPACITY)

    async def asset_of(self, tenant_id: TenantId, wallet_id: WalletId) -> str:
        """
        The code of the wallet's asset.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        asset = self._assets.get((tenant_id, wallet_id))
        if asset is None:
            with translated():
                async with self._sessions() as session:
                    asset = await session.scalar(
                        select(WalletRow.asset).where(WalletRow.tenant_id == tenant_id, WalletRow.id == wallet_id)
                    )
            if asset is None:
                raise WalletNotFound(f"no wallet {wallet_id}")
            self._assets.keep((tenant_id, wallet_id), asset)
        return asset

    async def find(self, tenant_id: TenantId, user_id: str, asset: str) -> WalletId:
        """
        The user's wallet in that asset.

        Raises:
            WalletNotFound: If the user has none.
        """
        wallet_id = self._wallets.get((tenant_id, user_id, asset))
        if wallet_id is None:
            with translated():
                async with self._sessions() as session:
                    found = await session.scalar(
                        select(WalletRow.id).where(
                            WalletRow.tenant_id == tenant_id, WalletRow.user_id == user_id, WalletRow.asset == asset
                        )
                    )
            if found is None:
                raise WalletNotFound(f"user {user_id} has no wallet in {asset}")
            wallet_id = WalletId(found)
            self._wallets.keep((tenant_id, user_id, asset), wallet_id)
        return wallet_id
