"""Making API keys."""

from typing import Protocol

from core.domain.access import ApiKey, Environment, Role
from core.domain.identifiers import TenantId


class ApiKeySmith(Protocol):
    """Makes keys whose secret nobody keeps."""

    def make(self, tenant_id: TenantId, *, name: str, role: Role, environment: Environment) -> tuple[ApiKey, str]:
        """A fresh key: what is kept, and what its owner is shown once."""
        ...

    def adopt(self, tenant_id: TenantId, presented: str, *, name: str, role: Role) -> tuple[ApiKey, str]:
        """
        A record for a key somebody already has, as a seed does.

        Raises:
            NotAuthenticated: If *presented* is not well formed.
        """
        ...
