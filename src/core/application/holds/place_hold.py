"""Set money aside."""

from dataclasses import dataclass
from datetime import timedelta

from core.application.transfers.request import Details, MoneyRequest
from core.domain.holds import PlaceHold as HoldToPlace
from core.domain.idempotency import Answer
from core.domain.identifiers import HoldId, TransferId, WalletId
from core.domain.instructions import Instruction, PostingRequest
from core.domain.transfers import TransferDraft, TransferType
from core.domain.wallets import hold_leg
from ports.account_opening import AccountOpening
from ports.id_generator import IdGenerator
from ports.posting import Posting
from ports.wallet_directory import WalletDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(MoneyRequest):
    """Set *amount* minor units of the wallet aside for *lifetime*."""

    wallet_id: WalletId
    amount: int
    lifetime: timedelta
    details: Details


@dataclass(frozen=True, slots=True)
class PlaceHoldHandler:
    """Opens the wallet's reserve when it is first needed, then posts."""

    posting: Posting
    directory: WalletDirectory
    accounts: AccountOpening
    ids: IdGenerator

    async def __call__(self, command: PlaceHold) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            WalletNotFound: If the tenant has no such wallet.
            Unavailable: If it could not be posted now.
        """
        asset = await self.directory.asset_of(command.tenant_id, command.wallet_id)
        await self.accounts.ensure_reserve(command.tenant_id, command.wallet_id, asset, trace_id=command.trace_id)
        leg = hold_leg(wallet_id=command.wallet_id, amount=command.amount)
        hold_id = TransferId(self.ids.new())
        draft = TransferDraft(
            id=hold_id,
            type=TransferType.HOLD,
            legs=(leg,),
            trace_id=command.trace_id,
            reference=command.details.reference,
            description=command.details.description,
            metadata=command.details.metadata,
            hold_id=HoldId(hold_id),
        )
        instruction = Instruction(
            command.tenant_id,
            (draft,),
            hold=HoldToPlace(command.wallet_id, command.lifetime),
            accounts=frozenset((leg.debit, leg.credit)),
        )
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))
