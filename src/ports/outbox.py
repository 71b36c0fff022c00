"""Events leave through the outbox: committed with what they tell of."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.events import NewEvent


class Outbox(Protocol):
    """Last in the global lock order. The ledger announces its own transfers."""

    async def add(self, events: Sequence[NewEvent]) -> None:
        """Announce, in this order, once the unit of work commits."""
        ...
