"""Write down what came of attempts to deliver, and what follows for the endpoint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.application.webhooks.canceling import CANCELED_AT_ONCE
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_answers import DeliveryAnswer
from core.domain.webhook_deliveries import DeliveryStatus
from core.domain.webhook_endpoints import DisabledReason, EndpointStatus, WebhookEndpoint, WebhookEndpointNotFound
from core.domain.webhook_events import endpoint_disabled
from core.domain.webhook_schedule import Delivered, DisableEndpoint, RetryIn, Unsendable, Verdict, is_success
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from ports.webhook_delivery_repository import DeliveryAttempt, StoredDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt under its fence, made at *attempted_at* for the event of *trace_id*; *fault*: what failed with us."""

    claimed: StoredDelivery
    answer: DeliveryAnswer
    attempted_at: datetime
    trace_id: str
    fault: Exception | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRecorder:
    """Idempotent, and only while the fence holds: what comes too late is dropped."""

    unit_of_work: UnitOfWorkFactory
    chance: Callable[[], float]

    async def __call__(self, endpoint: WebhookEndpoint, outcomes: Sequence[Outcome]) -> None:
        """
        Record them; *endpoint* as it was when they were claimed.

        Raises:
            Unavailable: If the database cannot be reached; then nobody knows whether they were recorded.
        """
        async with self.unit_of_work(trace_id=outcomes[0].trace_id) as work:
            standing = None
            if not _is_all_well(endpoint, outcomes):
                standing = await _locked(work, endpoint.tenant_id, endpoint.id)
            now = await work.now()
            telling = await self._move(work, endpoint.tenant_id, outcomes, now)
            if standing is not None and telling:
                await _settle(work, standing, telling, now, trace_id=outcomes[0].trace_id)
            await work.commit()

    async def _move(
        self, work: UnitOfWork, tenant_id: TenantId, outcomes: Sequence[Outcome], now: datetime
    ) -> list[Verdict]:
        """What the attempts that count say of the endpoint: a fault of ours says nothing of it."""
        ids = [outcome.claimed.delivery.id for outcome in outcomes]
        found = {stored.delivery.id: stored for stored in await work.webhook_deliveries.lock(tenant_id, ids)}
        verdicts: list[Verdict] = []
        moved: list[StoredDelivery] = []
        for outcome in outcomes:
            stored = found.get(outcome.claimed.delivery.id)
            if stored is None or not _still_counts(stored, outcome.claimed):
                continue
            if not await work.webhook_deliveries.record(stored, _attempt(outcome)):
                continue  # recorded by the commit whose answer was lost
            delivery, verdict = stored.delivery.record(outcome.answer, now=now, fraction=self.chance())
            if outcome.fault is None and not isinstance(verdict, Unsendable):
                verdicts.append(verdict)
            moved.append(
                replace(
                    stored,
                    delivery=delivery,
                    last_status=outcome.answer.status,
                    last_error=None if outcome.answer.error is None else outcome.answer.error.value,
                )
            )
        await work.webhook_deliveries.save(moved)
        return verdicts


def _is_all_well(endpoint: WebhookEndpoint, outcomes: Sequence[Outcome]) -> bool:
    """A healthy endpoint that took everything stays as it is: no lock on it is needed."""
    healthy = endpoint.failing_since is None and endpoint.resume_at is None
    return healthy and all(is_success(outcome.answer) for outcome in outcomes)


def _still_counts(stored: StoredDelivery, claimed: StoredDelivery) -> bool:
    return stored.fence == claimed.fence and stored.delivery.status is DeliveryStatus.PENDING


def _attempt(outcome: Outcome) -> DeliveryAttempt:
    answer = outcome.answer
    return DeliveryAttempt(
        attempt=outcome.claimed.fence,
        attempted_at=outcome.attempted_at,
        status=answer.status,
        error=None if answer.error is None else answer.error.value,
        duration_ms=answer.duration_ms,
        excerpt=answer.excerpt,
    )


async def _locked(work: UnitOfWork, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> WebhookEndpoint | None:
    """The endpoint; None once it is deleted."""
    try:
        return await work.webhook_endpoints.lock(tenant_id, endpoint_id)
    except WebhookEndpointNotFound:
        return None


async def _settle(
    work: UnitOfWork, endpoint: WebhookEndpoint, verdicts: Sequence[Verdict], now: datetime, *, trace_id: str
) -> None:
    """What the verdicts mean for the endpoint: forgiven, resting, paused or disabled."""
    if endpoint.status is EndpointStatus.DISABLED:
        return
    after = _after(endpoint, verdicts, now)
    if after == endpoint:
        return
    await work.webhook_endpoints.save(after)
    if after.status is EndpointStatus.DISABLED:
        await work.webhook_deliveries.cancel_pending(after.tenant_id, after.id, limit=CANCELED_AT_ONCE)
        await work.outbox.add([endpoint_disabled(after, trace_id=trace_id)])


def _after(endpoint: WebhookEndpoint, verdicts: Sequence[Verdict], now: datetime) -> WebhookEndpoint:
    if any(isinstance(verdict, DisableEndpoint) for verdict in verdicts):
        return endpoint.disable(DisabledReason.GONE)
    if any(isinstance(verdict, Delivered) for verdict in verdicts):
        after = endpoint.after_success()
    else:
        after = endpoint.after_failure(now).rest(now)
    pause = max((verdict.pause_seconds for verdict in verdicts if isinstance(verdict, RetryIn)), default=0)
    return after.pause(now + timedelta(seconds=pause)) if pause else after
