"""Reading wallets with their balances, outside any transaction."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet


class WalletReader(Protocol):
    """Wallets as readers see them: what is committed, each answer at one moment."""

    async def get(self, tenant_id: TenantId, wallet_id: WalletId) -> Wallet:
        """
        One wallet with its balance.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
        """
        ...

    async def page(
        self, tenant_id: TenantId, *, user_id: str | None, after: WalletId | None, limit: int
    ) -> Sequence[Wallet]:
        """The next *limit* wallets by id, behind *after*; of one user, when given."""
        ...
