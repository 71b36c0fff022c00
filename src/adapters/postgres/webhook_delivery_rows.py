"""Webhook deliveries and their attempts, from rows and back."""

from typing import Any

from adapters.postgres.orchestration_tables import WebhookAttemptRow, WebhookDeliveryRow
from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_deliveries import DeliveryStatus, WebhookDelivery
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery


def stored_delivery(row: WebhookDeliveryRow) -> StoredDelivery:
    """The delivery that *row* keeps."""
    return StoredDelivery(
        delivery=WebhookDelivery(
            tenant_id=TenantId(row.tenant_id),
            id=WebhookDeliveryId(row.id),
            endpoint_id=WebhookEndpointId(row.endpoint_id),
            message_id=str(row.event_id),
            event_type=row.event_type,
            created_at=row.created_at,
            status=DeliveryStatus(row.status),
            attempts=row.round_attempts,
            next_attempt_at=row.next_attempt_at,
            ended_at=row.finished_at,
        ),
        event_position=row.event_position,
        fence=row.attempt,
        last_status=row.last_status,
        last_error=row.last_error,
    )


def standing_columns(stored: StoredDelivery) -> dict[str, Any]:
    """What of it changes, with its key."""
    delivery = stored.delivery
    return {
        "tenant_id": delivery.tenant_id,
        "id": delivery.id,
        "status": delivery.status.value,
        "attempt": stored.fence,
        "round_attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "finished_at": delivery.ended_at,
        "last_status": stored.last_status,
        "last_error": stored.last_error,
    }


def delivery_attempt(row: WebhookAttemptRow) -> DeliveryAttempt:
    """The attempt that *row* keeps."""
    return DeliveryAttempt(
        attempt=row.attempt,
        attempted_at=row.attempted_at,
        status=row.status,
        error=row.error,
        duration_ms=row.duration_ms,
        excerpt=row.excerpt,
    )
