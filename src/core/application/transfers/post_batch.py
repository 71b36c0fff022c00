"""Many transfers in one request: independent of each other, or all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.application.transfers.request import Details, MoneyRequest
from core.application.transfers.transfer_between_wallets import WalletLeg, draft_between_wallets, instruction_of
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.instructions import PostingRequest, Render
from ports.id_generator import IdGenerator
from ports.posting import Posting

MAX_TRANSFERS = 1000


@dataclass(slots=True)
class BatchItem:
    """One transfer of a batch, with its own claim and its own way to be answered."""

    legs: Sequence[WalletLeg]
    details: Details
    claim: IdempotencyClaim
    render: Render


@dataclass(frozen=True, slots=True, kw_only=True)
class PostIndependently(MoneyRequest):
    """Each item on its own: one refused harms none of the others. The request itself stores nothing."""

    items: Sequence[BatchItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAtomically(MoneyRequest):
    """All or none, under the request's own claim."""

    transfers: Sequence[tuple[Sequence[WalletLeg], Details]]


@dataclass(frozen=True, slots=True)
class PostBatchHandler:
    """Both modes; at most 1,000 transfers."""

    posting: Posting
    ids: IdGenerator

    async def independently(self, command: PostIndependently) -> list[Answer]:
        """
        Every item's answer, in order.

        Raises:
            Unavailable: If it could not be posted now; the same claims find out what happened.
        """
        requests: list[PostingRequest] = []
        for item in command.items:
            draft = draft_between_wallets(self.ids, item.legs, item.details, trace_id=command.trace_id)
            requests.append(PostingRequest(instruction_of(command.tenant_id, (draft,)), item.claim, item.render))
        return await self.posting.post_all(requests)

    async def atomically(self, command: PostAtomically) -> Answer:
        """
        The stored answer for all.

        Raises:
            Unavailable: If it could not be posted now.
        """
        drafts = tuple(
            draft_between_wallets(self.ids, legs, details, trace_id=command.trace_id)
            for legs, details in command.transfers
        )
        instruction = instruction_of(command.tenant_id, drafts)
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))
