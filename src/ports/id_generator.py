"""Where new ids come from."""

from typing import Protocol
from uuid import UUID


class IdGenerator(Protocol):
    """Ids that nobody else makes."""

    def new(self) -> UUID:
        """A fresh UUIDv7 (RFC 9562): unique, and sorting by the time it was made."""
        ...
