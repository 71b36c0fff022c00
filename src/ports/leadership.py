"""One leader among several processes, for work that is wasted when done twice; never for what must not happen twice."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Lead(Protocol):
    """Being the leader."""

    async def holds(self) -> bool:
        """Whether we still are."""
        ...


class Leadership(Protocol):
    """Nobody has to give up: a leader that dies or hangs loses the lead with its connection."""

    def of(self, purpose: str) -> AbstractAsyncContextManager[Lead | None]:
        """
        The lead for *purpose* during the block, or None while somebody else has it.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        ...
