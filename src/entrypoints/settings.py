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
        encryption_key: At least 32 characters; seals what we must be able to read again (webhooks' signing secrets).
        fulfilment_url: Where orders are handed over (docs/fulfilment.md); without it orders are refused.
        fulfilment_token: What we show the fulfilment service.
        secrets_directory: A folder with a folder a tenant (its id), with a file a secret: providers' credentials and
            webhook secrets, by name.
        worker_port: Where a worker answers probes and shows its metrics.
        worker_concurrency: Jobs a worker does at a time.
        sweep_seconds: How often a worker asks PostgreSQL for due work, whatever Redis remembers.
        relay_poll_seconds: How often the relay looks for new events when nobody wakes it.
        schedule_hold_expiry: Cron expression; likewise the other schedules.
        schedule_payment_expiry: Payments that nobody paid in time are let go.
        schedule_payment_look_up: Payments of which nothing was heard for long are looked up.
        schedule_movements: The providers' balances are read on, and what is in doubt is looked for there.
        schedule_internal_reconciliation: The ledger against itself, tenant by tenant.
        schedule_maintenance: Partitions ahead, month snapshots.
        schedule_checkpoints: Signed checkpoints.
        schedule_retention: Old idempotency keys and old deliveries.
        delivery_retention_days: How long a finished webhook delivery is kept.
        queue_page: Whether operators see SAQ's page of jobs; it shows the jobs of all tenants (ids only).
        webhook_loopback_allowed: Whether webhooks may go to this machine; for development.
        webhook_denied_networks: Further networks no webhook may reach, such as a cluster's, separated by commas.
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
    encryption_key: Secret | None = None
    fulfilment_url: str | None = None
    fulfilment_token: Secret | None = None
    secrets_directory: Path | None = None
    worker_port: Annotated[int, Meta(ge=0, le=65535)] = 8081
    worker_concurrency: Annotated[int, Meta(ge=1, le=500)] = 32
    sweep_seconds: Annotated[float, Meta(ge=0.05, le=60)] = 1.0
    relay_poll_seconds: Annotated[float, Meta(ge=0.01, le=60)] = 0.25
    schedule_hold_expiry: str = "* * * * *"
    schedule_payment_expiry: str = "* * * * *"
    schedule_payment_look_up: str = "*/10 * * * *"
    schedule_movements: str = "*/15 * * * *"
    schedule_internal_reconciliation: str = "15 2 * * *"
    schedule_maintenance: str = "45 1 * * *"
    schedule_checkpoints: str = "*/10 * * * *"
    schedule_retention: str = "30 3 * * *"
    delivery_retention_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    webhook_loopback_allowed: bool = False
    webhook_denied_networks: str = ""
    queue_page: bool = False
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
        return _long_enough("BURSAR_API_KEY_PEPPER", self.api_key_pepper)

    def sealing_key(self) -> bytes:
        """
        What secrets are sealed with.

        Raises:
            InvalidSettings: If it is missing or shorter than 32 characters.
        """
        return _long_enough("BURSAR_ENCRYPTION_KEY", self.encryption_key)


_READ_ELSEWHERE = frozenset({"BURSAR_POSTGRES_BIN"})
_MIN_LENGTH = 32


def _long_enough(name: str, secret: Secret | None) -> bytes:
    value = "" if secret is None else secret.reveal()
    if len(value) < _MIN_LENGTH:
        raise InvalidSettings(f"{name} must have at least {_MIN_LENGTH} characters")
    return value.encode()


def _decode(kind: type, value: object) -> object:
    if not value:
        raise ValueError("must not be empty")
    if kind is Secret:
        return Secret(str(value))
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError  # msgspec's own way to hear that a type is not one of ours
