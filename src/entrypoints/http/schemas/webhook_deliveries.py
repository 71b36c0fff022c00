"""Webhook deliveries over the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.application.webhooks.redeliver import MAX_REDELIVERED_AT_ONCE, Redelivered
from core.domain.identifiers import WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus
from entrypoints.http.pagination import Moment, Number
from entrypoints.http.schemas.fields import Request
from ports.webhook_delivery_repository import DeliveryAttempt, DeliveryRange, StoredDelivery

EndedStatus = Literal["failed", "canceled", "succeeded"]


class RedeliverRangeRequest(Request, frozen=True, kw_only=True):
    """
    Which deliveries of one endpoint to send again: those that ended with `status`, by their events' positions
    (`after_position` not included, `until_position` included) or by when they were made (`from` included, `to` not).
    """

    endpoint_id: UUID
    status: EndedStatus = "failed"
    after_position: Number = 0
    until_position: Number | None = None
    from_: Moment | None = msgspec.field(name="from", default=None)
    to: Moment | None = None

    def to_range(self) -> DeliveryRange:
        """The same for the core."""
        return DeliveryRange(
            endpoint_id=WebhookEndpointId(self.endpoint_id),
            status=DeliveryStatus(self.status),
            after_position=self.after_position,
            until_position=self.until_position,
            since=self.from_,
            until=self.to,
        )


class RedeliveredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """How many are on their way again. When there may be more, ask again with `next_after_position`."""

    redelivered: Annotated[int, Meta(ge=0, le=MAX_REDELIVERED_AT_ONCE)]
    next_after_position: int | None

    @classmethod
    def of(cls, redelivered: Redelivered) -> Self:
        """As clients read it."""
        return cls(redelivered=redelivered.count, next_after_position=redelivered.next_after_position)


class WebhookDeliveryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """
    One event on its way to one endpoint. `event_id` is the `webhook-id` that receivers see. `attempts` counts since it
    was made or redelivered; the last of them says `last_response_status`, or `last_error` where none came.
    """

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    event_position: int
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_response_status: int | None
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, stored: StoredDelivery) -> Self:
        """As clients read it."""
        return cls(**_members(stored))


class WebhookAttemptResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. Numbers only grow; one is missing where a worker died before it knew what came of it."""

    number: int
    attempted_at: datetime
    response_status: int | None
    error: str | None
    duration_ms: int

    @classmethod
    def of(cls, attempt: DeliveryAttempt) -> Self:
        """As clients read it: without what the receiver said, which we do not hand on (SSRF)."""
        return cls(
            number=attempt.attempt,
            attempted_at=attempt.attempted_at,
            response_status=attempt.status,
            error=attempt.error,
            duration_ms=attempt.duration_ms,
        )


class WebhookDeliveryHistoryResponse(WebhookDeliveryResponse, frozen=True, kw_only=True):
    """A delivery with its attempts, oldest first."""

    history: list[WebhookAttemptResponse]

    @classmethod
    def with_attempts(cls, stored: StoredDelivery, attempts: Sequence[DeliveryAttempt]) -> Self:
        """As clients read it."""
        return cls(**_members(stored), history=[WebhookAttemptResponse.of(attempt) for attempt in attempts])


def _members(stored: StoredDelivery) -> dict[str, Any]:
    delivery = stored.delivery
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "event_id": UUID(delivery.message_id),
        "event_type": delivery.event_type,
        "event_position": stored.event_position,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "last_response_status": stored.last_status,
        "last_error": stored.last_error,
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }
