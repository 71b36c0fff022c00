"""No fulfilment service: orders that wait for one keep their money until there is one again."""

from uuid import UUID

from core.domain.outcomes import NotSent, Outcome, Sighting, Unknown
from ports.fulfilment import FulfilmentRequest

_REASON = "this installation has no fulfilment service"


class AbsentFulfilment:
    """Implements `ports.fulfilment.Fulfilment`; new orders are refused before it is asked."""

    async def submit(self, request: FulfilmentRequest, *, deadline_at: float) -> Outcome:  # the port's
        """Nothing is sent."""
        return NotSent(_REASON)

    async def find(self, key: UUID, *, deadline_at: float) -> Sighting:  # the port's
        """Nobody can be asked."""
        return Unknown(_REASON)
