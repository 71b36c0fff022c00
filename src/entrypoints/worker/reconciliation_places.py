"""How much of a worker reconciliations may take: each reads a ledger for up to an hour."""

from collections.abc import Generator
from contextlib import contextmanager

SHARE = 4
"""A quarter of a worker's places."""


class ReconciliationPlaces:
    """Places are not waited for: what finds none is due still, and comes again with the next sweep."""

    def __init__(self, concurrency: int) -> None:
        """Share out the places of a worker that does *concurrency* jobs at a time."""
        self._free = max(1, concurrency // SHARE)

    @contextmanager
    def one(self) -> Generator[bool]:
        """Whether there was a place; it is the block's until it ends."""
        has_place = self._free > 0
        self._free -= has_place
        try:
            yield has_place
        finally:
            self._free += has_place
