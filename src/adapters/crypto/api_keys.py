"""API keys: made once, checked by HMAC-SHA256 with a pepper that is not in the database."""

import hmac
import secrets
import time
from datetime import timedelta
from hashlib import sha256

from core.domain.access import (
    BASE62,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    ApiKey,
    Environment,
    NotAuthenticated,
    Principal,
    Role,
    compose_key,
    parse_key,
)
from core.domain.identifiers import TenantId
from ports.api_key_finder import ApiKeyFinder
from ports.clock import Clock

LIFETIME = timedelta(days=365)
CACHE_SECONDS = 5.0
"""How long a revoked key may go on being accepted by a process (standards: at most 5 s)."""
_CACHE_CAPACITY = 10_000
_NO_HASH = bytes(32)


class ApiKeySmith:
    """Implements `ports.api_key_smith.ApiKeySmith`."""

    def __init__(self, pepper: bytes, clock: Clock) -> None:
        """Hash with *pepper*: at least 32 bytes, kept outside the database."""
        self._pepper = pepper
        self._clock = clock

    def make(self, tenant_id: TenantId, *, name: str, role: Role, environment: Environment) -> tuple[ApiKey, str]:
        """A fresh key valid for a year: what is kept, and what its owner is shown once."""
        secret = _random_digits(SECRET_LENGTH)
        return self.adopt(
            tenant_id, compose_key(environment, _random_digits(KEY_ID_LENGTH), secret), name=name, role=role
        )

    def adopt(self, tenant_id: TenantId, presented: str, *, name: str, role: Role) -> tuple[ApiKey, str]:
        """
        A record for a key somebody already has, as a seed does.

        Raises:
            NotAuthenticated: If *presented* is not well formed.
        """
        parsed = parse_key(presented)
        now = self._clock.now()
        key = ApiKey(
            tenant_id=tenant_id,
            id=parsed.id,
            name=name,
            role=role,
            environment=parsed.environment,
            secret_hash=_hash(self._pepper, parsed.secret),
            last_four=parsed.secret[-4:],
            created_at=now,
            expires_at=now + LIFETIME,
        )
        return key, presented


class ApiKeyAuthenticator:
    """Implements `ports.authenticator.Authenticator` for API keys, remembering a key's record for five seconds."""

    def __init__(self, keys: ApiKeyFinder, pepper: bytes, clock: Clock) -> None:
        """Find keys through *keys*, and check them with *pepper*."""
        self._keys = keys
        self._pepper = pepper
        self._clock = clock
        self._cache: dict[bytes, tuple[float, Principal]] = {}

    async def authenticate(self, credential: str) -> Principal:
        """
        The principal behind *credential*.

        Raises:
            NotAuthenticated: For whatever reason; the same error and the same effort for each.
        """
        digest = sha256(credential.encode()).digest()
        remembered = self._cache.get(digest)
        now = time.monotonic()
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        principal = await self._check(credential)
        if len(self._cache) >= _CACHE_CAPACITY:
            self._cache.clear()
        self._cache[digest] = (now + CACHE_SECONDS, principal)
        return principal

    async def _check(self, credential: str) -> Principal:
        parsed = parse_key(credential)
        key = await self._keys.find(parsed.id)
        expected = _NO_HASH if key is None else key.secret_hash
        genuine = hmac.compare_digest(expected, _hash(self._pepper, parsed.secret))
        if key is None or not genuine or key.environment is not parsed.environment:
            raise NotAuthenticated("the credential is not valid")
        if not key.is_live_at(self._clock.now()):
            raise NotAuthenticated("the credential is not valid")
        return Principal(tenant_id=key.tenant_id, key_id=key.id, role=key.role)


def _hash(pepper: bytes, secret: str) -> bytes:
    return hmac.digest(pepper, secret.encode(), "sha256")


def _random_digits(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))
