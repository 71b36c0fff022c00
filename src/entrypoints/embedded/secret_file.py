"""Passwords that are made once and kept in files only their owner can read."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

_SECRET_BYTES = 24


def _new_password() -> str:
    return secrets.token_hex(_SECRET_BYTES)


def secret_in(path: Path, *, make: Callable[[], str] = _new_password) -> str:
    """
    Read the secret in *path*, or make one (48 hexadecimal characters, unless told otherwise) in a file of mode 0600.

    The file appears whole or not at all, so that a crash leaves no empty password behind.

    Raises:
        OSError: If the file can be neither read nor written.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(descriptor)
        draft.rename(path)
    return path.read_text()
