"""Secrets as files, as Kubernetes mounts them: a folder a tenant, named by its id; in it a file a secret."""

import re
from pathlib import Path

from core.domain.gateway_accounts import SecretMissing
from core.domain.identifiers import TenantId

MAX_SECRET_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class SecretDirectory:
    """Implements `ports.secrets.Secrets`; without a folder there are no secrets."""

    def __init__(self, folder: Path | None) -> None:
        """Look in *folder*."""
        self._folder = folder

    def get(self, tenant_id: TenantId, name: str) -> str:
        """
        The text of the file in the tenant's folder, without the line break at its end.

        Raises:
            SecretMissing: If there is no such file, or no folder.
        """
        if self._folder is None or not _NAME.fullmatch(name):
            raise SecretMissing(f"the secret {name} is not there (BURSAR_SECRETS_DIRECTORY)")
        try:
            with open(self._folder / str(tenant_id) / name, "rb") as file:
                return file.read(MAX_SECRET_BYTES).decode().removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretMissing(f"the secret {name} cannot be read") from error
