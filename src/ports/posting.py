"""Post instructions durably: when an answer comes back, it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.domain.errors import Unavailable
from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest


class PostingQueueFull(Unavailable):
    """More is waiting than can be written soon."""

    code = "posting_queue_full"
    title = "Too many requests are waiting"


class PostingTooLate(Unavailable):
    """It waited too long and was not begun."""

    code = "posting_too_late"
    title = "The request waited too long"


class PostingStopping(Unavailable):
    """This process is shutting down."""

    code = "posting_stopping"
    title = "The service is shutting down"


class PostingUnconfirmed(Unavailable):
    """The database could not be asked whether it happened; the same key finds out."""

    code = "posting_unconfirmed"
    title = "The database cannot be reached"


@dataclass(frozen=True, slots=True)
class PostingFigures:
    """
    How the posting is doing since it started.

    Attributes:
        batches: Transactions committed.
        instructions: Instructions answered by them.
        batch_sizes: Instructions a batch, over the last thousand batches, oldest first.
        waits_seconds: From being handed in to being answered, over the last thousand, oldest first.
        retries: Batches run again after a race, a deadlock or a lost connection.
        waiting: Instructions in the queue now.
        hot_accounts: The accounts most often locked lately, with their counts, hottest first; at most ten.
    """

    batches: int
    instructions: int
    batch_sizes: tuple[int, ...]
    waits_seconds: tuple[float, ...]
    retries: int
    waiting: int
    hot_accounts: tuple[tuple[UUID, int], ...]


class Posting(Protocol):
    """The ledger's front door for money that moves inside."""

    async def post(self, request: PostingRequest) -> Answer:
        """
        Decide one instruction, commit, and only then give its answer.

        The answer is what its render made of the outcome (a key that came before with another fingerprint is
        refused through it too), or byte for byte what was stored for its key before.
        Cancelling the caller does not cancel the posting.

        Raises:
            PostingQueueFull, PostingTooLate, PostingStopping: Nothing was begun.
            PostingUnconfirmed: It may have happened; the same claim finds out.
        """
        ...

    async def post_all(self, requests: Sequence[PostingRequest]) -> list[Answer]:
        """
        Decide several independent instructions, each with its own claim and answer, in their order.

        Raises:
            PostingQueueFull, PostingTooLate, PostingStopping: Nothing was begun.
            PostingUnconfirmed: Some may have happened; the same claims find out.
        """
        ...

    def figures(self) -> PostingFigures:
        """Batch sizes, waits and hot accounts."""
        ...
