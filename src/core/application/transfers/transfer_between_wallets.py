"""Transfers between wallets: two parties, or many legs in one."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.application.transfers.request import Details, MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import TenantId, TransferId, WalletId, main_account_id
from core.domain.instructions import Instruction, PostingRequest
from core.domain.transfers import Leg, TransferDraft, TransferType
from ports.id_generator import IdGenerator
from ports.posting import Posting


@dataclass(slots=True)
class WalletLeg:
    """Move *amount* minor units from one wallet to another of the same asset."""

    from_wallet_id: WalletId
    to_wallet_id: WalletId
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBetweenWallets(MoneyRequest):
    """Move all legs in order, or none."""

    legs: Sequence[WalletLeg]
    details: Details


@dataclass(frozen=True, slots=True)
class TransferBetweenWalletsHandler:
    """Posts without a look-up: a wallet's id is its main account's."""

    posting: Posting
    ids: IdGenerator

    async def __call__(self, command: TransferBetweenWallets) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            Unavailable: If it could not be posted now.
        """
        draft = draft_between_wallets(self.ids, command.legs, command.details, trace_id=command.trace_id)
        instruction = instruction_of(command.tenant_id, (draft,))
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))


def draft_between_wallets(
    ids: IdGenerator, legs: Sequence[WalletLeg], details: Details, *, trace_id: str
) -> TransferDraft:
    """The draft of a transfer over wallets' main accounts."""
    return TransferDraft(
        id=TransferId(ids.new()),
        type=TransferType.TRANSFER,
        legs=tuple(
            [Leg(main_account_id(leg.from_wallet_id), main_account_id(leg.to_wallet_id), leg.amount) for leg in legs]
        ),
        trace_id=trace_id,
        reference=details.reference,
        description=details.description,
        metadata=details.metadata,
    )


def instruction_of(tenant_id: TenantId, drafts: tuple[TransferDraft, ...]) -> Instruction:
    """The drafts as one instruction, with every account they touch."""
    touched = frozenset([account for draft in drafts for leg in draft.legs for account in (leg.debit, leg.credit)])
    return Instruction(tenant_id, drafts, accounts=touched)
