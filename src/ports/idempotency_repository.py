"""Idempotency keys whose answer takes longer than a transaction (docs/decisions/0010)."""

from dataclasses import dataclass
from typing import Protocol

from core.domain.idempotency import Answer, IdempotencyClaim


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is stored under a key; not *settled* while its first request may still be answering."""

    fingerprint: bytes
    answer: Answer
    settled: bool


class IdempotencyRepository(Protocol):
    """The first answer is kept provisionally, then replaced at most once, before its time runs out."""

    async def find(self, claim: IdempotencyClaim) -> KeptAnswer | None:
        """What is stored under the claim's key, if anything is."""
        ...

    async def keep(self, claim: IdempotencyClaim, answer: Answer, *, trace_id: str) -> None:
        """
        Store an answer that no posting carries.

        Raises:
            TransactionRaced: If the key was taken meanwhile.
        """
        ...

    async def defer(self, claim: IdempotencyClaim, *, seconds: float) -> None:
        """The stored answer is provisional for so long: repetitions wait."""
        ...

    async def settle(self, claim: IdempotencyClaim, answer: Answer) -> Answer:
        """Replace the provisional answer; what is stored afterwards, which is the old one when time had run out."""
        ...
