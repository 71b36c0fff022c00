"""Top-up, bonus and spend by user and asset, where the caller does not know the wallet."""

from dataclasses import dataclass

from core.application.transfers.move_wallet_money import MoveWalletMoney, counterpart_posting
from core.application.transfers.request import Details, MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import WalletId
from core.domain.transfers import TransferType
from core.domain.wallets import COUNTERPART, OPENING_TYPES, WalletNotFound, check_user_id
from ports.account_opening import AccountOpening
from ports.id_generator import IdGenerator
from ports.posting import Posting
from ports.unit_of_work import UnitOfWorkFactory
from ports.wallet_directory import WalletDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveUserMoney(MoneyRequest):
    """Move *amount* minor units of *asset* into or out of the user's wallet."""

    type: TransferType
    user_id: str
    asset: str
    amount: int
    details: Details


@dataclass(frozen=True, slots=True)
class MoveUserMoneyHandler:
    """What brings money in opens the wallet first, if there is none; a spend does not."""

    posting: Posting
    directory: WalletDirectory
    accounts: AccountOpening
    unit_of_work: UnitOfWorkFactory
    ids: IdGenerator

    async def __call__(self, command: MoveUserMoney) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            InvalidUserId: If the user id breaks the rule.
            WalletNotFound: On a spend, if the user has no wallet in that asset.
            AssetNotFound: If the tenant has no such asset.
            Unavailable: If it could not be posted now.
        """
        check_user_id(command.user_id)
        try:
            wallet_id = await self.directory.find(command.tenant_id, command.user_id, command.asset)
        except WalletNotFound:
            if command.type not in OPENING_TYPES:
                raise
            wallet_id = await self._open(command)
        await self.accounts.ensure_system(
            command.tenant_id, COUNTERPART[command.type], command.asset, trace_id=command.trace_id
        )
        movement = MoveWalletMoney(
            tenant_id=command.tenant_id,
            claim=command.claim,
            trace_id=command.trace_id,
            render=command.render,
            type=command.type,
            wallet_id=wallet_id,
            amount=command.amount,
            details=command.details,
        )
        return await self.posting.post(counterpart_posting(self.ids, movement, command.asset))

    async def _open(self, command: MoveUserMoney) -> WalletId:
        tenant_id, user_id, asset = command.tenant_id, command.user_id, command.asset
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            wallet_id = WalletId(self.ids.new())
            if await work.wallets.open(tenant_id, wallet_id, user_id=user_id, asset=asset, metadata=None):
                await work.commit()
                return wallet_id
            return (await work.wallets.of_user(tenant_id, user_id, asset)).id
