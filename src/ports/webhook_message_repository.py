"""Messages as they were first sent, as a unit of work sees them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.domain.identifiers import TenantId


class WebhookMessageRepository(Protocol):
    """One body an event, for all endpoints and all attempts; never changed once it is kept."""

    async def kept(self, tenant_id: TenantId, positions: Sequence[int]) -> Mapping[int, bytes]:
        """The bodies of the events at these positions; of those that were ever sent."""
        ...

    async def keep(self, tenant_id: TenantId, bodies: Mapping[int, bytes]) -> Mapping[int, bytes]:
        """Keep *bodies* by their events' positions; what is kept for these: the first, whoever composed it."""
        ...
