"""Deliveries: one event on its way to one endpoint, until it is taken, given up or canceled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.errors import Conflict, NotFound
from core.domain.identifiers import TenantId, WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_answers import DeliveryAnswer
from core.domain.webhook_schedule import Delivered, Exhausted, RetryIn, Unsendable, Verdict, after_attempt


class DeliveryStatus(StrEnum):
    """Pending until something final happened; only a redelivery leads back."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


TRANSITIONS: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.PENDING: frozenset({DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.CANCELED}),
    DeliveryStatus.SUCCEEDED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.FAILED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.CANCELED: frozenset({DeliveryStatus.PENDING}),
}


class WebhookDeliveryNotFound(NotFound):
    """There is no such delivery."""

    code = "webhook_delivery_not_found"
    title = "There is no such webhook delivery"


class WebhookDeliveryPending(Conflict):
    """It is on its way already; there is nothing to send again."""

    code = "webhook_delivery_pending"
    title = "The webhook delivery is still under way"


class WebhookDeliveryEnded(Conflict):
    """It was taken, given up or canceled before."""

    code = "webhook_delivery_ended"
    title = "The webhook delivery has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """
    One event for one endpoint.

    Attributes:
        message_id: ``webhook-id``: the same at every attempt and every redelivery, so that receivers take it once.
        attempts: How many were made since it last became pending.
        next_attempt_at: When it is due; None once it has ended.
    """

    tenant_id: TenantId
    id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    message_id: str
    event_type: str
    created_at: datetime
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None
    ended_at: datetime | None = None

    def record(self, answer: DeliveryAnswer, *, now: datetime, fraction: float) -> tuple["WebhookDelivery", Verdict]:
        """
        Count an attempt and its answer; the verdict says what else follows, such as disabling the endpoint.

        Raises:
            WebhookDeliveryEnded: If it was not pending: a late answer changes nothing.
        """
        if self.status is not DeliveryStatus.PENDING:
            raise WebhookDeliveryEnded(f"the delivery is {self.status}")
        attempts = self.attempts + 1
        verdict = after_attempt(attempts, answer, now=now, fraction=fraction)
        counted = replace(self, attempts=attempts)
        if isinstance(verdict, RetryIn):
            return replace(counted, next_attempt_at=now + timedelta(seconds=verdict.seconds)), verdict
        if isinstance(verdict, Delivered):
            return counted._ended(DeliveryStatus.SUCCEEDED, now), verdict
        if isinstance(verdict, Exhausted | Unsendable):
            return counted._ended(DeliveryStatus.FAILED, now), verdict
        return counted._ended(DeliveryStatus.CANCELED, now), verdict

    def cancel(self, *, now: datetime) -> "WebhookDelivery":
        """
        Give it up because its endpoint is disabled or deleted; the same when that was done before.

        Raises:
            WebhookDeliveryEnded: If it was taken or exhausted.
        """
        if self.status is DeliveryStatus.CANCELED:
            return self
        return self._ended(DeliveryStatus.CANCELED, now)

    def redeliver(self, *, now: datetime) -> "WebhookDelivery":
        """
        Send it again from the start of the schedule, whatever came of it before.

        Raises:
            WebhookDeliveryPending: If it is on its way already.
        """
        if DeliveryStatus.PENDING not in TRANSITIONS[self.status]:
            raise WebhookDeliveryPending("the delivery is still under way")
        return replace(self, status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=now, ended_at=None)

    def _ended(self, status: DeliveryStatus, now: datetime) -> "WebhookDelivery":
        if status not in TRANSITIONS[self.status]:
            raise WebhookDeliveryEnded(f"the delivery is {self.status}")
        return replace(self, status=status, next_attempt_at=None, ended_at=now)
