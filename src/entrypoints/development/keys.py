"""The keys of a development folder: made once, kept in files only their owner can read."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from core.domain.access import BASE62, KEY_ID_LENGTH, SECRET_LENGTH, Environment, compose_key
from entrypoints.embedded.secret_file import secret_in


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """The tenant's key, its operator's key, the pepper they are hashed with, and what secrets are sealed with."""

    api_key: str
    admin_key: str
    pepper: str
    encryption_key: str

    def __repr__(self) -> str:
        """Without any of them."""
        return "DevelopmentKeys(***)"


def keys_in(home: Path) -> DevelopmentKeys:
    """
    The keys of the folder *home*, made when they are missing.

    Raises:
        OSError: If they can be neither read nor written.
    """
    return DevelopmentKeys(
        api_key=secret_in(home / "api.key", make=_new_key),
        admin_key=secret_in(home / "admin.key", make=_new_key),
        pepper=secret_in(home / "api_key.pepper"),
        encryption_key=secret_in(home / "encryption.key"),
    )


def _new_key() -> str:
    return compose_key(Environment.TEST, _digits(KEY_ID_LENGTH), _digits(SECRET_LENGTH))


def _digits(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))
