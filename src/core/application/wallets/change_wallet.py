"""Freeze, unfreeze, close; new metadata."""

from dataclasses import dataclass

from core.domain.accounts import AccountStatus, check_status_change
from core.domain.identifiers import TenantId, WalletId
from core.domain.payments import PaymentsUnsettled
from core.domain.wallets import Wallet
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWallet:
    """None leaves as it is; metadata changes only when *replaces_metadata* (None then clears it)."""

    tenant_id: TenantId
    wallet_id: WalletId
    status: AccountStatus | None = None
    metadata: str | None = None
    replaces_metadata: bool = False


@dataclass(frozen=True, slots=True)
class ChangeWalletHandler:
    """Takes the same lock a posting takes, so that no transfer slips past a freeze (safety, L37)."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, command: ChangeWallet) -> Wallet:
        """
        The wallet as it is now.

        Raises:
            WalletNotFound: If there is none.
            InvalidStatusChange: From closed to anything else.
            WalletNotEmpty: On closing with money left, in orders that are being fulfilled too.
            PaymentsUnsettled: On closing while a payment or refund is not at its end.
        """
        async with self.unit_of_work() as work:
            wallet = await work.wallets.lock(command.tenant_id, command.wallet_id)
            if command.status is not None:
                total = wallet.balance.total
                if command.status is AccountStatus.CLOSED:  # read behind the lock that an order's payment needs too
                    total += await work.orders.in_fulfilment(command.tenant_id, command.wallet_id)
                check_status_change(wallet.status, command.status, total_minor=total)
                if command.status is AccountStatus.CLOSED and wallet.status is not AccountStatus.CLOSED:
                    await _check_settled(work, command)
                await work.wallets.set_status(command.tenant_id, command.wallet_id, command.status)
            if command.replaces_metadata:
                await work.wallets.set_metadata(command.tenant_id, command.wallet_id, command.metadata)
            changed = await work.wallets.get(command.tenant_id, command.wallet_id)
            await work.commit()
            return changed


async def _check_settled(work: UnitOfWork, command: ChangeWallet) -> None:
    unsettled = await work.payments.unsettled(command.tenant_id, command.wallet_id)
    if unsettled:
        raise PaymentsUnsettled(
            f"{unsettled} payments and refunds are not at their end", pointer="#/status", unsettled=unsettled
        )
