"""Every movement of the balance at a provider, for reconciliation (design: gateways)."""

from typing import Protocol

from core.domain.gateways import CallContext, MovementPage
from core.domain.outcomes import NotSent, Rejected, Unknown


class MovementSource(Protocol):
    """A feed that is read on from where it was left."""

    async def movements(
        self, cursor: str | None, *, limit: int, context: CallContext
    ) -> MovementPage | NotSent | Unknown | Rejected:
        """The next page behind *cursor* (None: from the beginning): nothing skipped, nothing twice."""
        ...
