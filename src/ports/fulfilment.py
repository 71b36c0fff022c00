"""Whoever hands over what an order paid for."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.domain.outcomes import Outcome, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentRequest:
    """
    What is to be handed over, the same on every attempt.

    Attributes:
        key: The operation's key; the service does one thing once for it.
        amount: What was paid, in minor units of *asset*.
        items: Canonical JSON text: the order's list of items.
        reference: The client's own, when it gave one.
    """

    key: UUID
    user_id: str
    asset: str
    amount: int
    items: str
    reference: str | None


class Fulfilment(Protocol):
    """One attempt a call; who repeats, and when, is decided elsewhere (core.domain.attempts)."""

    async def submit(self, request: FulfilmentRequest, *, deadline_at: float) -> Outcome:
        """Ask for it, until *deadline_at* on the monotonic clock; never raises for what the service does."""
        ...

    async def find(self, key: UUID, *, deadline_at: float) -> Sighting:
        """What became of the request with this key; `Absent` when the service never saw it."""
        ...
