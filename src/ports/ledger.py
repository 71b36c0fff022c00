"""The ledger inside a unit of work: money moves together with the rows that explain why (design: ledger)."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest


class Ledger(Protocol):
    """For what crosses the border; money inside goes through `ports.posting`, which is faster."""

    async def post(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """
        Decide and write the requests, in order; their answers hold once the unit of work commits.

        At most once in a unit of work, after its subject rows are locked: that is the global lock order.

        Raises:
            TransactionRaced: When somebody else took a key, a reference or a lock meanwhile: begin again.
        """
        ...
