"""Top-up, bonus, spend, credit and debit: between one wallet and an account of the tenant's own."""

from dataclasses import dataclass

from core.application.transfers.request import Details, MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import TransferId, WalletId
from core.domain.instructions import Instruction, PostingRequest
from core.domain.transfers import TransferDraft, TransferType
from core.domain.wallets import COUNTERPART, counterpart_leg
from ports.account_opening import AccountOpening
from ports.id_generator import IdGenerator
from ports.posting import Posting
from ports.wallet_directory import WalletDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWalletMoney(MoneyRequest):
    """Move *amount* minor units of the wallet's asset; *type* says which way and against what."""

    type: TransferType
    wallet_id: WalletId
    amount: int
    details: Details


@dataclass(frozen=True, slots=True)
class MoveWalletMoneyHandler:
    """Opens the tenant's account when it is first needed, then posts."""

    posting: Posting
    directory: WalletDirectory
    accounts: AccountOpening
    ids: IdGenerator

    async def __call__(self, command: MoveWalletMoney) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
            Unavailable: If it could not be posted now.
        """
        asset = await self.directory.asset_of(command.tenant_id, command.wallet_id)
        await self.accounts.ensure_system(
            command.tenant_id, COUNTERPART[command.type], asset, trace_id=command.trace_id
        )
        return await self.posting.post(counterpart_posting(self.ids, command, asset))


def counterpart_posting(ids: IdGenerator, command: MoveWalletMoney, asset: str) -> PostingRequest:
    """The movement as it is posted, once both accounts are open."""
    leg = counterpart_leg(
        command.type,
        tenant_id=command.tenant_id,
        wallet_id=command.wallet_id,
        asset=asset,
        amount=command.amount,
    )
    draft = TransferDraft(
        id=TransferId(ids.new()),
        type=command.type,
        legs=(leg,),
        trace_id=command.trace_id,
        reference=command.details.reference,
        description=command.details.description,
        metadata=command.details.metadata,
    )
    instruction = Instruction(command.tenant_id, (draft,), accounts=frozenset((leg.debit, leg.credit)))
    return PostingRequest(instruction, command.claim, command.render)
