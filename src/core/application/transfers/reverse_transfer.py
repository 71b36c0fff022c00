"""Undo a transfer by its mirror image, once."""

from dataclasses import dataclass

from core.application.transfers.request import Details, MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import TransferId
from core.domain.instructions import Instruction, PostingRequest
from core.domain.transfers import TransferDraft, TransferType, mirror_legs
from ports.id_generator import IdGenerator
from ports.journal import Journal
from ports.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseTransfer(MoneyRequest):
    """Give back what the transfer moved."""

    transfer_id: TransferId
    details: Details


@dataclass(frozen=True, slots=True)
class ReverseTransferHandler:
    """The original never changes, so it is read without a lock; that it is reversed once is decided under lock."""

    posting: Posting
    journal: Journal
    ids: IdGenerator

    async def __call__(self, command: ReverseTransfer) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            TransferNotFound: If there is none.
            Unavailable: If it could not be posted now.
        """
        original = (await self.journal.transfer(command.tenant_id, command.transfer_id)).transfer
        draft = TransferDraft(
            id=TransferId(self.ids.new()),
            type=TransferType.REVERSAL,
            legs=mirror_legs(original.entries),
            trace_id=command.trace_id,
            reference=command.details.reference,
            description=command.details.description,
            metadata=command.details.metadata,
            reversal_of=original.id,
            undoes=original.type,
        )
        touched = frozenset(entry.account_id for entry in original.entries)
        instruction = Instruction(command.tenant_id, (draft,), accounts=touched)
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))
