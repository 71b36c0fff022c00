"""Secrets by name, kept outside the database."""

from typing import Protocol

from core.domain.identifiers import TenantId


class Secrets(Protocol):
    """Read anew at every call, so that a rotated secret is used at once."""

    def get(self, tenant_id: TenantId, name: str) -> str:
        """
        The value of that tenant's secret: no tenant can name another's.

        Raises:
            SecretMissing: If there is none of that name, or it cannot be read.
        """
        ...
