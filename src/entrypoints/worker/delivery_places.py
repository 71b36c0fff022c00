"""How much of a worker webhooks may take: strangers' slow servers leave room for operations, and for each other."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from core.domain.identifiers import TenantId

SHARE, SHARE_OF_A_TENANT = 2, 4
"""Half of a worker's places are for webhooks, a quarter for one tenant's."""


class DeliveryPlaces:
    """Places are not waited for: what finds none is due still, and comes again with the next sweep."""

    def __init__(self, concurrency: int) -> None:
        """Share out the places of a worker that does *concurrency* jobs at a time."""
        self._all = max(1, concurrency // SHARE)
        self._of_a_tenant = max(1, concurrency // SHARE_OF_A_TENANT)
        self._taken: Counter[TenantId] = Counter()

    @contextmanager
    def one_for(self, tenant_id: TenantId) -> Generator[bool]:
        """Whether there was a place; it is the block's until it ends."""
        has_place = self._taken.total() < self._all and self._taken[tenant_id] < self._of_a_tenant
        if has_place:
            self._taken[tenant_id] += 1
        try:
            yield has_place
        finally:
            if has_place:
                self._taken[tenant_id] -= 1
