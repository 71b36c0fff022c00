"""Who is asking?"""

from typing import Protocol

from core.domain.access import Principal


class Authenticator(Protocol):
    """Turns what a client presents into who it is. API keys now; other credentials fit the same port."""

    async def authenticate(self, credential: str) -> Principal:
        """
        The principal behind *credential*.

        Raises:
            NotAuthenticated: For whatever reason; the same error and the same effort for each.
        """
        ...
