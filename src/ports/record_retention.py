"""Records that are kept for a time only."""

from typing import Protocol

from core.domain.identifiers import TenantId


class RecordRetention(Protocol):
    """Forgets what is old, a bounded number at a time."""

    async def forget_deliveries(self, tenant_id: TenantId, *, older_than_days: int, limit: int) -> int:
        """
        Delete up to *limit* webhook deliveries that ended before, with their attempts; how many those were.

        The message goes with an event's last delivery.

        Raises:
            Unavailable: If the database cannot be reached.
        """
        ...
