"""Give back what holds keep past their time."""

from dataclasses import dataclass

from core.application.holds.hold_step import step_instruction
from core.domain.holds import ExpireHold, Hold
from core.domain.idempotency import Answer, internal_claim
from core.domain.identifiers import TenantId
from core.domain.instructions import Outcome, Posted, PostingRequest
from ports.clock import Clock
from ports.hold_reader import HoldReader
from ports.id_generator import IdGenerator
from ports.posting import Posting

BATCH = 500
_EXPIRED, _NOT_EXPIRED = 200, 409


@dataclass(frozen=True, slots=True)
class ExpireHoldsHandler:
    """Idempotent, and safe beside captures: whoever locks the hold first wins (safety, L36)."""

    posting: Posting
    holds: HoldReader
    ids: IdGenerator
    clock: Clock

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> int:
        """
        Expire the tenant's overdue holds, 500 at a time; how many were.

        Raises:
            Unavailable: If they could not be posted now.
        """
        expired = 0
        while due := await self.holds.due(tenant_id, now=self.clock.now(), limit=BATCH):
            answers = await self.posting.post_all([self._request(hold, trace_id) for hold in due])
            done = sum(answer.status == _EXPIRED for answer in answers)
            expired += done
            if done < len(due):
                break
        return expired

    def _request(self, hold: Hold, trace_id: str) -> PostingRequest:
        """A claim of each attempt's own: a refusal (not due yet, captured meanwhile) must not stick to the hold."""
        instruction = step_instruction(self.ids, hold, ExpireHold(hold.id), trace_id=trace_id)
        claim = internal_claim(hold.tenant_id, f"expire hold {hold.id} by {instruction.drafts[0].id}")
        return PostingRequest(instruction, claim, _render)


def _render(outcome: Outcome) -> Answer:
    return Answer(_EXPIRED if isinstance(outcome, Posted) else _NOT_EXPIRED, b"")
