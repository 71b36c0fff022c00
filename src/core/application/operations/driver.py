"""What differs between kinds of operations: how the outside is asked, and what its answer does to the books."""

from typing import Protocol

from core.domain.attempts import AttemptPolicy
from core.domain.operations import Operation
from core.domain.outcomes import Outcome, Sighting
from ports.unit_of_work import UnitOfWork


class OperationDriver(Protocol):
    """One for each kind, such as ``order.fulfil``."""

    @property
    def policy(self) -> AttemptPolicy:
        """How it is attempted."""
        ...

    async def submit(self, operation: Operation, *, deadline_at: float) -> Outcome:
        """Send the request, with the operation's key, until *deadline_at* on the monotonic clock."""
        ...

    async def look_up(self, operation: Operation, *, deadline_at: float) -> Sighting:
        """Ask what became of it, without asking for it."""
        ...

    async def settle(self, work: UnitOfWork, operation: Operation, outcome: Outcome) -> None:
        """
        Make the outcome true in the subject, the ledger and the outbox, in the transaction that records it.

        Called under the operation's lock, for every outcome that counts; locks its subject first.
        """
        ...
