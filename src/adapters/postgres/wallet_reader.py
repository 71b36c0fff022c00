"""Wallets in PostgreSQL, for readers."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from adapters.postgres.errors import translated
from adapters.postgres.wallet_repository import PostgresWalletRepository
from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet


class PostgresWalletReader:
    """Implements `ports.wallet_reader.WalletReader`."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Read through *sessions*."""
        self._sessions = sessions

    async def get(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        One wallet with its balance.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        with translated():
            async with self._sessions() as session:
                return await PostgresWalletRepository(session).get(tenant_id, wallet_id)

    async def page(
        self, tenant_id: TenantId, *, user_id: str | None, after: WalletId | None, limit: int
    ) -> Sequence[Wallet]:
        """The next *limit* wallets by id, behind *after*; of one user, when given."""
        with translated():
            async with self._sessions() as session:
                return await PostgresWalletRepository(session).page(
                    tenant_id, user_id=user_id, after=after, limit=limit
                )
