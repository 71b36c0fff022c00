"""Take held money: all of it, a part, or part after part."""

from dataclasses import dataclass

from core.application.holds.hold_step import step_instruction
from core.application.transfers.request import Details, MoneyRequest
from core.domain.accounts import Purpose
from core.domain.holds import CaptureHold as HoldToCapture
from core.domain.idempotency import Answer
from core.domain.identifiers import HoldId, WalletId
from core.domain.instructions import PostingRequest
from core.domain.wallets import capture_destination
from ports.account_opening import AccountOpening
from ports.hold_reader import HoldReader
from ports.id_generator import IdGenerator
from ports.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureHold(MoneyRequest):
    """Move *amount* minor units (None: all that remains) to a wallet, or to the tenant's revenue."""

    hold_id: HoldId
    amount: int | None
    final: bool
    to_wallet_id: WalletId | None
    details: Details


@dataclass(frozen=True, slots=True)
class CaptureHoldHandler:
    """The hold's state is judged under lock."""

    posting: Posting
    holds: HoldReader
    accounts: AccountOpening
    ids: IdGenerator

    async def __call__(self, command: CaptureHold) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            HoldNotFound: If there is none.
            Unavailable: If it could not be posted now.
        """
        hold = await self.holds.get(command.tenant_id, command.hold_id)
        if command.to_wallet_id is None:
            await self.accounts.ensure_system(command.tenant_id, Purpose.REVENUE, hold.asset, trace_id=command.trace_id)
        destination = capture_destination(
            tenant_id=command.tenant_id, asset=hold.asset, to_wallet_id=command.to_wallet_id
        )
        step = HoldToCapture(hold.id, destination, command.amount, command.final)
        instruction = step_instruction(self.ids, hold, step, trace_id=command.trace_id, details=command.details)
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))
