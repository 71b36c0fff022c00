"""The secrets an endpoint's messages are signed with, and their rotation (Standard Webhooks 1.0.0)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.errors import Conflict, Rejected

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public beginning of every secret, not one itself
MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
NEW_KEY_BYTES = 32
"""How many random bytes to draw for a new secret."""

ROTATION_OVERLAP = timedelta(hours=24)
"""How long the old secret goes on signing beside the new one."""

MAX_LIVE_SECRETS = 2


class InvalidWebhookSecret(Rejected):
    """Not ``whsec_`` and 24 to 64 bytes in base64."""

    code = "invalid_webhook_secret"
    title = "The webhook secret is not valid"


class WebhookSecretRotating(Conflict):
    """Two secrets are live; a third would silence one that receivers may still rely on. Wait, or rotate at once."""

    code = "webhook_secret_rotating"
    title = "The secret is being rotated already"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """
    24 to 64 random bytes that never show themselves.

    Raises:
        InvalidWebhookSecret: If there are fewer or more.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is too short to be safe, or longer than the standard allows."""
        if not MIN_KEY_BYTES <= len(self.key) <= MAX_KEY_BYTES:
            raise InvalidWebhookSecret(
                f"a secret has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes, not {len(self.key)}", pointer="#/secret"
            )

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """
        Read ``whsec_…``.

        Raises:
            InvalidWebhookSecret: If it is not of that form; the message does not repeat it.
        """
        encoded = text.removeprefix(SECRET_PREFIX)
        if encoded == text:
            raise InvalidWebhookSecret(f"a secret begins with {SECRET_PREFIX}", pointer="#/secret")
        try:
            key = b64decode(encoded.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise InvalidWebhookSecret(f"{SECRET_PREFIX} is followed by base64", pointer="#/secret") from None
        if b64encode(key).decode() != encoded:
            raise InvalidWebhookSecret("the base64 of a secret has one form only", pointer="#/secret")
        return cls(key)

    def reveal(self) -> str:
        """``whsec_…``, as its owner is shown it."""
        return SECRET_PREFIX + b64encode(self.key).decode()

    def __repr__(self) -> str:
        """Three stars."""
        return "***"


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """A key, and until when it signs; None: until it is rotated."""

    value: SigningKey
    expires_at: datetime | None = None

    def is_live_at(self, now: datetime) -> bool:
        """Whether it signs at *now*."""
        return self.expires_at is None or now < self.expires_at


def live_secrets(secrets: Iterable[WebhookSecret], *, now: datetime) -> tuple[WebhookSecret, ...]:
    """Those that sign at *now*, in their order: the newest first."""
    return tuple(secret for secret in secrets if secret.is_live_at(now))


def rotate(
    secrets: Iterable[WebhookSecret], new: SigningKey, *, now: datetime, overlap: timedelta = ROTATION_OVERLAP
) -> tuple[WebhookSecret, ...]:
    """
    Put *new* first and let the old one sign on for *overlap*; no overlap ends every old one at once, as after a leak.

    Raises:
        InvalidWebhookSecret: If *new* is a live one.
        WebhookSecretRotating: If two are live and neither is to end at once.
        ValueError: If *overlap* is negative or longer than 24 hours.
    """
    if not timedelta(0) <= overlap <= ROTATION_OVERLAP:
        raise ValueError(f"an overlap lasts from nothing to {ROTATION_OVERLAP}, not {overlap}")
    old = live_secrets(secrets, now=now)
    if any(secret.value == new for secret in old):
        raise InvalidWebhookSecret("the new secret is the old one", pointer="#/secret")
    if not overlap:
        return (WebhookSecret(new),)
    if len(old) >= MAX_LIVE_SECRETS:
        raise WebhookSecretRotating("the last rotation's overlap has not ended; rotate without one, or wait")
    return (WebhookSecret(new), *(replace(secret, expires_at=now + overlap) for secret in old))
