"""
Who may ask: principals and API keys.

Format of a key (docs/decisions/0006): ``bsr_<live|test>_<id, 12 base62>_<secret, 43 base62>_<CRC-32, 6 base62>``.
The prefix lets secret scanners find a leaked key, the checksum lets us refuse junk without a look-up.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

from core.domain.errors import Rejected
from core.domain.identifiers import ApiKeyId, TenantId

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_ID_LENGTH = 12
SECRET_LENGTH = 43
"""43 base62 digits carry 256 bits."""
_CHECKSUM_LENGTH = 6
_KEY = re.compile(r"bsr_(live|test)_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})")


class Role(StrEnum):
    """An application moves its users' money; an operator also administers."""

    APPLICATION = "application"
    OPERATOR = "operator"


class Environment(StrEnum):
    """Whether real money hangs on the key."""

    LIVE = "live"
    TEST = "test"


class NotAuthenticated(Rejected):
    """No valid credential. The reason stays in our logs."""

    code = "not_authenticated"
    title = "A valid API key is required"


class NotPermitted(Rejected):
    """The principal is known, and may not do this."""

    code = "not_permitted"
    title = "This key may not do that"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, for which tenant, in which role."""

    tenant_id: TenantId
    key_id: ApiKeyId
    role: Role


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is kept: never the secret, only HMAC-SHA256(pepper, secret)."""

    tenant_id: TenantId
    id: ApiKeyId
    name: str
    role: Role
    environment: Environment
    secret_hash: bytes
    last_four: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live_at(self, now: datetime) -> bool:
        """Whether it may be used at *now*."""
        return self.revoked_at is None and now < self.expires_at


class ParsedKey(NamedTuple):
    """The parts of a well-formed key."""

    environment: Environment
    id: ApiKeyId
    secret: str


def compose_key(environment: Environment, key_id: str, secret: str) -> str:
    """The key as its owner sees it, once."""
    body = f"bsr_{environment}_{key_id}_{secret}"
    return f"{body}_{_checksum(body)}"


def parse_key(presented: str) -> ParsedKey:
    """
    Take a key apart.

    Raises:
        NotAuthenticated: If it is not of our format, or its checksum does not fit.
    """
    match = _KEY.fullmatch(presented)
    if match is None or _checksum(presented[: -_CHECKSUM_LENGTH - 1]) != match[4]:
        raise NotAuthenticated("the credential is not valid")
    return ParsedKey(Environment(match[1]), ApiKeyId(match[2]), match[3])


def _checksum(body: str) -> str:
    value, digits = crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
