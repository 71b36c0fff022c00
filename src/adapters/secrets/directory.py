"""Secrets as files in a folder, as Kubernetes mounts them: one file a secret, named like it."""

import re
from pathlib import Path

from core.domain.gateway_accounts import SecretMissing

MAX_SECRET_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class SecretDirectory:
    """Implements `ports.secrets.Secrets`; without a folder there are no secrets."""

    def __init__(self, folder: Path | None) -> None:
        """Look in *folder*."""
        self._folder = folder

    def get(self, name: str) -> str:
        """
        The file's text without the line break at its end.

        Raises:
            SecretMissing: If there is no such file, or no folder.
        """
        if self._folder is None or not _NAME.fullmatch(name):
            raise SecretMissing(f"the secret {name} is not there (BURSAR_SECRETS_DIRECTORY)")
        try:
            with open(self._folder / name, "rb") as file:
                return file.read(MAX_SECRET_BYTES).decode().removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretMissing(f"the secret {name} cannot be read") from error
