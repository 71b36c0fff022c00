"""Finding an API key by its id, before its tenant is known."""

from typing import Protocol

from core.domain.access import ApiKey
from core.domain.identifiers import ApiKeyId


class ApiKeyFinder(Protocol):
    """The look-up behind authentication."""

    async def find(self, key_id: ApiKeyId) -> ApiKey | None:
        """The key of that id, live or not, or None."""
        ...
