"""A user gets a wallet: at most one per user and asset."""

from dataclasses import dataclass

from core.domain.identifiers import TenantId, WalletId
from core.domain.wallets import Wallet, check_user_id
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWallet:
    """Open a wallet in *asset* for *user_id*; *metadata* is canonical JSON text or None."""

    tenant_id: TenantId
    user_id: str
    asset: str
    metadata: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpenWalletHandler:
    """The same user and asset again give the wallet that is there, unchanged."""

    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator

    async def __call__(self, command: OpenWallet) -> tuple[Wallet, bool]:
        """
        The wallet, and whether it is new.

        Raises:
            InvalidUserId: If the user id breaks the rule.
            AssetNotFound: If the tenant has no such asset.
        """
        check_user_id(command.user_id)
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            opened = await work.wallets.open(
                command.tenant_id,
                WalletId(self.ids.new()),
                user_id=command.user_id,
                asset=command.asset,
                metadata=command.metadata,
            )
            if opened:
                await work.commit()
            return await work.wallets.of_user(command.tenant_id, command.user_id, command.asset), opened
