"""
Idempotency: the same key and the same request have one effect and one answer.

Rules: draft-ietf-httpapi-idempotency-key-header-07, and docs/decisions/0004 for where ours is stricter.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from core.domain.errors import Conflict, Rejected
from core.domain.identifiers import TenantId

RETENTION = timedelta(days=30)
"""How long a key is kept at least."""

WHOLE_REQUEST = -1
"""The item number of a key that stands for the whole request; items of a batch count from 0."""


class IdempotencyKeyReused(Rejected):
    """The key came before with another request."""

    code = "idempotency_key_reused"
    title = "The idempotency key was used for another request"


class RequestInProgress(Conflict):
    """The first request with this key has not ended yet."""

    code = "request_in_progress"
    title = "The first request with this key is still running"
    retryable = True


@dataclass(slots=True)
class IdempotencyClaim:
    """One request's right to its effect: scope (tenant, key, item), and what the request said."""

    tenant_id: TenantId
    key: str
    fingerprint: bytes
    item: int = WHOLE_REQUEST

    @property
    def scope(self) -> tuple[TenantId, str, int]:
        """What must be unique."""
        return (self.tenant_id, self.key, self.item)


@dataclass(slots=True)
class Answer:
    """A response as it is stored with its key, byte for byte."""

    status: int
    body: bytes
    replayed: bool = False


def fingerprint(method: str, path_and_query: str, body: bytes) -> bytes:
    """SHA-256(method || full path with its ids and query || raw body bytes), each part with its length before it."""
    path = path_and_query.encode()
    return sha256(b"%d %b %d %b %b" % (len(method), method.encode(), len(path), path, body)).digest()


def internal_claim(tenant_id: TenantId, cause: str) -> IdempotencyClaim:
    """A claim of our own; *cause* holds a space, which no client's key may, so that the two never meet."""
    return IdempotencyClaim(tenant_id, f"bursar {cause}", sha256(cause.encode()).digest())
