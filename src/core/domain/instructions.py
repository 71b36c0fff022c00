"""What is asked of the Book, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass

from core.domain.errors import CoreError
from core.domain.holds import Hold, HoldChange, PlaceHold
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import AccountId, HoldId, TenantId
from core.domain.transfers import Transfer, TransferDraft


@dataclass(slots=True)
class Instruction:
    """
    What is decided together, all or nothing: one draft, or several for an atomic batch.

    Attributes:
        hold: A hold to place with the first draft, or a step on one (then the first draft's legs follow from it).
        accounts: Every account it may touch, to be locked first.
    """

    tenant_id: TenantId
    drafts: tuple[TransferDraft, ...]
    hold: HoldChange | None = None
    accounts: frozenset[AccountId] = frozenset()

    @property
    def hold_id(self) -> HoldId | None:
        """The existing hold it changes, if it does."""
        return None if self.hold is None or isinstance(self.hold, PlaceHold) else self.hold.hold_id

    @property
    def weight(self) -> int:
        """About how many entries it writes."""
        return sum(2 * len(draft.legs) or 2 for draft in self.drafts)


@dataclass(slots=True)
class Posted:
    """It happened: the transfers with their entries, the hold as it is now, the wallets' accounts as they stand."""

    transfers: list[Transfer]
    hold: Hold | None
    balances: dict[AccountId, int]


@dataclass(slots=True)
class Refused:
    """It did not happen, and nothing changed."""

    error: CoreError


Outcome = Posted | Refused
Render = Callable[[Outcome], Answer]
"""Pure: an outcome as the client will read it, so that those very bytes are stored with the key."""


@dataclass(slots=True)
class PostingRequest:
    """An instruction with its claim to happen once and the way its answer is written."""

    instruction: Instruction
    claim: IdempotencyClaim
    render: Render
