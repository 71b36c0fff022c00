"""Dead letters, as a unit of work sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.domain.dead_letters import DeadLetter, DeadLetterStatus
from core.domain.identifiers import DeadLetterId, TenantId


class DeadLetterRepository(Protocol):
    """At most one open one a job."""

    async def add(self, letter: DeadLetter) -> bool:
        """Keep it, unless it, or another open one of its job, is there already; whether it was new."""
        ...

    async def get(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """
        The letter.

        Raises:
            DeadLetterNotFound: If the tenant has none of that id.
        """
        ...

    async def lock(self, tenant_id: TenantId, letter_id: DeadLetterId) -> DeadLetter:
        """
        The letter, kept from changing until the unit of work ends.

        Raises:
            DeadLetterNotFound: If the tenant has none of that id.
        """
        ...

    async def save(self, letter: DeadLetter) -> None:
        """Write whether it is still open."""
        ...

    async def reopen_job(self, job_key: str, now: datetime) -> None:
        """Close the open letter of that job as redriven, if there is one: somebody has decided that it goes on."""
        ...

    async def page(
        self, tenant_id: TenantId | None, *, status: DeadLetterStatus | None, before: DeadLetterId | None, limit: int
    ) -> Sequence[DeadLetter]:
        """The next *limit*, those that died last first, behind the letter *before*; of everybody without a tenant."""
        ...
