"""Give held money back."""

from dataclasses import dataclass

from core.application.holds.hold_step import step_instruction
from core.application.transfers.request import Details, MoneyRequest
from core.domain.holds import ReleaseHold as HoldToRelease
from core.domain.idempotency import Answer
from core.domain.identifiers import HoldId
from core.domain.instructions import PostingRequest
from ports.hold_reader import HoldReader
from ports.id_generator import IdGenerator
from ports.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold(MoneyRequest):
    """Give back what remains."""

    hold_id: HoldId
    details: Details


@dataclass(frozen=True, slots=True)
class ReleaseHoldHandler:
    """The hold's state is judged under lock."""

    posting: Posting
    holds: HoldReader
    ids: IdGenerator

    async def __call__(self, command: ReleaseHold) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            HoldNotFound: If there is none.
            Unavailable: If it could not be posted now.
        """
        hold = await self.holds.get(command.tenant_id, command.hold_id)
        instruction = step_instruction(
            self.ids, hold, HoldToRelease(hold.id), trace_id=command.trace_id, details=command.details
        )
        return await self.posting.post(PostingRequest(instruction, command.claim, command.render))
