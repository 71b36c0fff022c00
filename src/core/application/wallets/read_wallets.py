"""Wallets with their balances, for readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.identifiers import TenantId, WalletId, main_account_id, reserve_account_id
from core.domain.wallets import Wallet, WalletBalance
from ports.journal import Journal
from ports.wallet_reader import WalletReader


@dataclass(frozen=True, slots=True)
class ReadWalletsHandler:
    """Reads only."""

    wallets: WalletReader
    journal: Journal

    async def get(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        One wallet.

        Raises:
            WalletNotFound: If there is none.
        """
        return await self.wallets.get(tenant_id, wallet_id)

    async def page(
        self, tenant_id: TenantId, *, user_id: str | None, after: WalletId | None, limit: int
    ) -> Sequence[Wallet]:
        """The next *limit* wallets by id; of one user, when given."""
        return await self.wallets.page(tenant_id, user_id=user_id, after=after, limit=limit)

    async def balance_at(
        self, tenant_id: TenantId, wallet_id: WalletId, moment: datetime
    ) -> tuple[Wallet, WalletBalance]:
        """
        The wallet, and its balance as it was at *moment*.

        Raises:
            WalletNotFound: If there is none.
        """
        wallet = await self.get(tenant_id, wallet_id)
        available = await self.journal.balance_at(tenant_id, main_account_id(wallet_id), moment)
        reserved = await self.journal.balance_at(tenant_id, reserve_account_id(wallet_id), moment)
        return wallet, WalletBalance(available=available, reserved=reserved)
