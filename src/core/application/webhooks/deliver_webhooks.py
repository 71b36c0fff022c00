"""
Deliver what is due at one endpoint: claim, send, record, in waves.

The claim is committed before anything is sent, so nobody else sends the same before its lease ends; an outcome counts
only while its fence holds. So one worker that dies, sleeps or runs twice costs a receiver a repetition at most, and
that carries the message id it knows.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from core.application.racing import again_after_races
from core.application.webhooks.canceling import CANCELED_AT_ONCE
from core.application.webhooks.compose_messages import Message, MessageComposer
from core.application.webhooks.record_outcomes import Outcome, OutcomeRecorder
from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_answers import DeliveryAnswer, DeliveryError
from core.domain.webhook_endpoints import EndpointStatus, WebhookEndpoint, WebhookEndpointNotFound
from core.domain.webhook_secrets import SigningKey
from core.domain.webhook_signatures import signed_headers
from ports.clock import Clock
from ports.event_log import EventLog
from ports.unit_of_work import UnitOfWorkFactory
from ports.webhook_delivery_repository import StoredDelivery
from ports.webhook_sender import WebhookSender

ATTEMPT_TIMEOUT_SECONDS = 20.0
LEASE_MARGIN_SECONDS = 10.0
LEASE = timedelta(seconds=ATTEMPT_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS)
MAX_AT_ONCE = 8
"""A wave at a healthy endpoint; one that failed last is sent one message at a time."""

MAX_ATTEMPTS_A_JOB = 100
MAX_SECONDS_A_JOB = 30.0
"""No wave begins later, so that a slow endpoint gives its worker slot back."""

RECORD_AGAIN_SECONDS = 0.2
"""Pause before an outcome is written down again that could not be."""


@dataclass(frozen=True, slots=True)
class DeliveryRound:
    """
    What a job did: how many attempts, and whether it stopped while there may have been more to do.

    Attributes:
        faults: What went wrong on our side, of which somebody should know; the deliveries have it as their error.
    """

    attempts: int
    may_have_more: bool
    faults: tuple[Exception, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wave:
    """
    Deliveries that are ours until their lease ends.

    Attributes:
        kept: The bodies of those that were sent before, by position.
        claimed_at: On the clock of schedules.
        deadline_at: On the monotonic clock: nothing is sent or waited for after it.
    """

    endpoint: WebhookEndpoint
    keys: tuple[SigningKey, ...]
    deliveries: Sequence[StoredDelivery]
    kept: Mapping[int, bytes]
    claimed_at: datetime
    deadline_at: float


@dataclass(frozen=True, slots=True)
class DeliverWebhooksHandler:
    """Idempotent: run at once by several, each delivery is sent by one of them."""

    unit_of_work: UnitOfWorkFactory
    events: EventLog
    sender: WebhookSender
    clock: Clock
    chance: Callable[[], float] = SystemRandom().random

    async def __call__(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> DeliveryRound:
        """
        Make up to 100 attempts within 30 s, as long as something is due.

        Raises:
            Unavailable: If the database cannot be reached; what was claimed is due again when its lease has ended.
        """
        stop_at = self.clock.monotonic() + MAX_SECONDS_A_JOB
        attempts = 0
        faults: list[Exception] = []
        while attempts < MAX_ATTEMPTS_A_JOB and self.clock.monotonic() < stop_at:
            wave = await again_after_races(lambda: self._claim(tenant_id, endpoint_id))
            if wave is None:
                return DeliveryRound(attempts, may_have_more=False, faults=tuple(faults))
            faults += await self._deliver(wave)
            attempts += len(wave.deliveries)
        return DeliveryRound(attempts, may_have_more=True, faults=tuple(faults))

    async def _claim(self, tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> _Wave | None:
        """The next wave; None when nothing is due, or the endpoint is to be left alone."""
        begun = self.clock.monotonic()  # before the fence: a deadline must never outlast the lease
        async with self.unit_of_work() as work:
            try:
                endpoint = await work.webhook_endpoints.get(tenant_id, endpoint_id)
            except WebhookEndpointNotFound:
                endpoint = None
            if endpoint is None or endpoint.status is EndpointStatus.DISABLED:
                await work.webhook_deliveries.cancel_pending(tenant_id, endpoint_id, limit=CANCELED_AT_ONCE)
                await work.commit()
                return None  # if more is left, it is due still
            now = await work.now()
            if not endpoint.is_open_at(now):
                return None
            limit = MAX_AT_ONCE if endpoint.failing_since is None else 1
            deliveries = await work.webhook_deliveries.claim(tenant_id, endpoint_id, lease=LEASE, limit=limit)
            if not deliveries:
                return None
            kept = await work.webhook_messages.kept(tenant_id, [stored.event_position for stored in deliveries])
            await work.commit()
        return _Wave(
            endpoint=endpoint,
            keys=endpoint.signing_keys(now),
            deliveries=deliveries,
            kept=kept,
            claimed_at=now,
            deadline_at=begun + ATTEMPT_TIMEOUT_SECONDS,
        )

    async def _deliver(self, wave: _Wave) -> list[Exception]:
        """
        Send the wave at once, and record each outcome as it comes, with those that came meanwhile; our own faults.

        Whatever becomes of one, the others are sent and recorded; what cannot be recorded is told in the end.
        """
        positions = [stored.event_position for stored in wave.deliveries]
        compose = MessageComposer(self.unit_of_work, self.events)
        messages = await compose(wave.endpoint.tenant_id, positions, kept=wave.kept)
        under_way = {
            asyncio.create_task(self._attempt(wave, stored, messages[stored.event_position]))
            for stored in wave.deliveries
        }
        faults: list[Exception] = []
        unrecorded: list[Exception] = []
        try:
            while under_way:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                outcomes = [outcome for outcome in (task.result() for task in done) if outcome is not None]
                faults += [outcome.fault for outcome in outcomes if outcome.fault is not None]
                if outcomes:
                    unrecorded += await self._record_what_can_be(wave, outcomes)
        finally:
            for task in under_way:
                task.cancel()
        if unrecorded:
            raise unrecorded[0]
        return faults

    async def _attempt(self, wave: _Wave, stored: StoredDelivery, message: Message) -> Outcome | None:
        """What came of it; None from a worker that slept through its deadline, and sent nothing."""
        began_at = self.clock.monotonic()
        seconds_left = wave.deadline_at - began_at
        if seconds_left <= 0:
            return None
        fault: Exception | None = None
        if message.body is None:
            answer, fault = (
                DeliveryAnswer(status=None, error=DeliveryError.UNREADABLE_EVENT, duration_ms=0),
                message.why,
            )
        else:
            try:
                answer = await self._send(wave, stored, message.body, seconds_left)
            except Exception as error:  # noqa: BLE001 - a fault of ours in one message, told by the job and the delivery
                duration_ms = round((self.clock.monotonic() - began_at) * 1000)
                answer = DeliveryAnswer(status=None, error=DeliveryError.INTERNAL_FAULT, duration_ms=duration_ms)
                fault = error
        return Outcome(
            claimed=stored, answer=answer, attempted_at=wave.claimed_at, trace_id=message.trace_id, fault=fault
        )

    async def _send(self, wave: _Wave, stored: StoredDelivery, body: bytes, seconds_left: float) -> DeliveryAnswer:
        headers = signed_headers(stored.delivery.message_id, sent_at=self.clock.now(), body=body, keys=wave.keys)
        return await self.sender.send(wave.endpoint.url, headers, body, timeout_seconds=seconds_left)

    async def _record_what_can_be(self, wave: _Wave, outcomes: Sequence[Outcome]) -> list[Exception]:
        """Together, or one by one when one of them cannot be: it takes no other with it. What kept them from it."""
        try:
            await self._record(wave, outcomes)
        except Exception as error:  # noqa: BLE001 - raised by the caller, when the others are through
            if isinstance(error, Unavailable) or len(outcomes) == 1:
                return [error]
        else:
            return []
        unrecorded: list[Exception] = []
        for outcome in outcomes:
            unrecorded += await self._record_what_can_be(wave, [outcome])
        return unrecorded

    async def _record(self, wave: _Wave, outcomes: Sequence[Outcome]) -> None:
        """What came of it is known here alone, so it is written down until the lease ends."""
        record = OutcomeRecorder(self.unit_of_work, self.chance)
        while True:
            try:
                return await again_after_races(lambda: record(wave.endpoint, outcomes))
            except Unavailable:
                if self.clock.monotonic() >= wave.deadline_at + LEASE_MARGIN_SECONDS:
                    raise
                await asyncio.sleep(RECORD_AGAIN_SECONDS)
