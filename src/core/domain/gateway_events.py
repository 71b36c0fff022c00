"""What a provider told us unasked: kept as it came, then applied."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from core.domain.errors import NotFound
from core.domain.identifiers import GatewayAccountId, GatewayEventId, TenantId


class GatewayEventStatus(StrEnum):
    """Permanent names."""

    RECEIVED = "received"
    APPLIED = "applied"
    IGNORED = "ignored"
    """It says nothing about payments, refunds or payouts."""
    UNMATCHED = "unmatched"
    """It is about something we do not know."""
    CONFLICTING = "conflicting"
    """Another one with its id said something else before: a person has to look."""


class GatewayEventNotFound(NotFound):
    """There is no such event."""

    code = "gateway_event_not_found"
    title = "There is no such gateway event"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEvent:
    """
    One message of a provider, its signature verified.

    Attributes:
        event_id: The provider's; the same id with the same body is the same event.
        body: As it came, byte for byte, unless a card number was in it (`core.domain.stored_bodies`).
        body_digest: Of the bytes that came (`digest_of`).
        times_received: How often it came.
    """

    tenant_id: TenantId
    id: GatewayEventId
    gateway_account: GatewayAccountId
    event_id: str
    event_type: str
    body: bytes
    body_digest: bytes
    occurred_at: datetime | None
    received_at: datetime
    times_received: int
    status: GatewayEventStatus
    detail: str | None
    applied_at: datetime | None
    trace_id: str


def digest_of(body: bytes) -> bytes:
    """What tells a repetition from another message under the same id: SHA-256 of the bytes that came."""
    return sha256(body).digest()
