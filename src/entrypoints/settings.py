"""The process's environment, checked once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from entrypoints.cannot_run import CannotRun

_PREFIX = "BURSAR_"
_COMMON = ("DATABASE_URL", "REDIS_URL")
"""Names that platforms set by custom are accepted without our prefix; ours win."""


class InvalidSettings(CannotRun):
    """The environment does not fit; the message names the variable and the rule."""


class Secret:
    """A value that never shows itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Wrap *value*."""
        self._value = value

    def reveal(self) -> str:
        """The value, where it is needed."""
        return self._value

    def __repr__(self) -> str:
        """Three stars."""
        return "***"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Everything that may differ between two deployments, from ``BURSAR_*`` variables.

    Attributes:
        database_url: ``postgresql://…`` of a login that may act as bursar_application (also: DATABASE_URL).
        migration_database_url: The same for the owner of the tables; migrations only.
        redis_url: ``redis://…`` (also: REDIS_URL).
        api_key_pepper: At least 32 characters, kept outside the database.
        checkpoint_key_file: Ed25519 private key (PEM) that signs checkpoints.
        checkpoint_directory: Where copies of checkpoints go, outside the database.
        database_pool_size: Connections for reading and administration, per process; the posting lane has its own.
        shutdown_grace_seconds: How long a stopping process may go on writing what waits.
    """

    database_url: Secret
    migration_database_url: Secret | None = None
    redis_url: Secret | None = None
    api_key_pepper: Secret | None = None
    checkpoint_key_file: Path | None = None
    checkpoint_directory: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8080
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    database_pool_size: Annotated[int, Meta(ge=1, le=100)] = 10
    shutdown_grace_seconds: Annotated[float, Meta(ge=0, le=300)] = 10.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """
        Read ``BURSAR_*``; names we do not know are refused, so that a typing error is not silently a default.

        Raises:
            InvalidSettings: Naming what is wrong.
        """
        mine = {name.lower(): environment[name] for name in _COMMON if environment.get(name)}
        mine |= {
            name.removeprefix(_PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(_PREFIX) and name not in _READ_ELSEWHERE
        }
        try:
            return msgspec.convert(mine, cls, strict=False, dec_hook=_decode)
        except msgspec.ValidationError as error:
            message = re.sub(r"`\$\.(\w+)`", lambda name: _PREFIX + name[1].upper(), str(error))
            raise InvalidSettings(f"environment: {message} (variables begin with {_PREFIX})") from None

    def pepper(self) -> bytes:
        """
        The API keys' pepper.

        Raises:
            InvalidSettings: If it is missing or shorter than 32 characters.
        """
        value = "" if self.api_key_pepper is None else self.api_key_pepper.reveal()
        if len(value) < _MIN_PEPPER_LENGTH:
            raise InvalidSettings(f"BURSAR_API_KEY_PEPPER must have at least {_MIN_PEPPER_LENGTH} characters")
        return value.encode()


_READ_ELSEWHERE = frozenset({"BURSAR_POSTGRES_BIN"})
_MIN_PEPPER_LENGTH = 32


def _decode(kind: type, value: object) -> object:
    if not value:
        raise ValueError("must not be empty")
    if kind is Secret:
        return Secret(str(value))
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError  # msgspec's own way to hear that a type is not one of ours
