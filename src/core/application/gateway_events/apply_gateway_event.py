"""Apply what a provider said, to whatever it is about; once, in any order, also before our own call has returned."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.application.operations.conclude_operation import conclude_operation
from core.application.operations.driver import OperationDriver
from core.application.payments.payment_news import PaymentNews
from core.application.racing import again_after_races
from core.application.refunds.settle_refund import RefundSettlement
from core.domain.attempts import Step
from core.domain.gateway_events import GatewayEvent, GatewayEventStatus
from core.domain.gateways import (
    PaymentSnapshot,
    RefundSnapshot,
    Snapshot,
    VerifiedWebhook,
)
from core.domain.identifiers import GatewayAccountId, GatewayEventId, PaymentId, RefundId, TenantId
from core.domain.operations import Operation
from core.domain.payments import SUBMIT_PAYMENT
from core.domain.refunds import SUBMIT_REFUND
from core.domain.snapshots import outcome_of
from ports.gateways import Gateways
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_TO_APPLY = frozenset({GatewayEventStatus.RECEIVED, GatewayEventStatus.UNMATCHED})
"""What is unmatched is tried again for a day: what it is about may be heard of later."""


@dataclass(frozen=True, slots=True)
class Application:
    """What applying came to, also as a dry run: the status, and in words what it was about."""

    status: GatewayEventStatus
    detail: str


@dataclass(frozen=True, slots=True)
class ApplyGatewayEventHandler:
    """Idempotent; snapshots are cumulative, so that what was heard before changes nothing."""

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    drivers: Mapping[str, OperationDriver]
    news: PaymentNews
    refunds: RefundSettlement

    async def __call__(
        self, tenant_id: TenantId, event_id: GatewayEventId, *, again: bool = False, dry_run: bool = False
    ) -> Application:
        """
        Apply it, unless it was; *again* does so all the same, and a *dry_run* changes nothing.

        Raises:
            GatewayEventNotFound: If the tenant has none of that id.
            Unavailable: If the database cannot be reached.
        """
        return await again_after_races(lambda: self._apply(tenant_id, event_id, again=again, dry_run=dry_run))

    async def _apply(self, tenant_id: TenantId, event_id: GatewayEventId, *, again: bool, dry_run: bool) -> Application:
        async with self.unit_of_work() as work:
            event = await work.gateway_events.lock(tenant_id, event_id)
            if event.status not in _TO_APPLY and not again:
                return Application(event.status, event.detail or "applied before")
            now = await work.now()
            application = await self._observe_all(work, event, now)
            await work.gateway_events.save(
                replace(event, status=application.status, detail=application.detail, applied_at=now)
            )
            if not dry_run:
                await work.commit()
        return application

    async def _observe_all(self, work: UnitOfWork, event: GatewayEvent, now: datetime) -> Application:
        account = await work.gateway_accounts.get(event.tenant_id, event.gateway_account)
        reader = self.gateways.open(account).webhooks
        assert reader is not None, "it came from this gateway"
        verified = VerifiedWebhook(
            event_id=event.event_id, event_type=event.event_type, body=event.body, occurred_at=event.occurred_at
        )
        snapshots = reader.translate(verified)
        if not snapshots:
            return Application(GatewayEventStatus.IGNORED, "it says nothing about payments or refunds")
        told = [await self._observe(work, event, snapshot, now) for snapshot in snapshots]
        if all(one is None for one in told):
            return Application(GatewayEventStatus.UNMATCHED, "it is about something unknown here")
        return Application(GatewayEventStatus.APPLIED, "; ".join(one for one in told if one is not None))

    async def _observe(self, work: UnitOfWork, event: GatewayEvent, seen: Snapshot, now: datetime) -> str | None:
        """What was observed, in words; None when it is about nothing of ours."""
        operation = await self._operation(work, event, seen)
        if isinstance(seen, PaymentSnapshot):
            payment_id = await self._payment_id(work, event, operation, seen.provider_ref)
            if payment_id is None:
                return None
            return await self.news(work, event.tenant_id, payment_id, seen, step=Step.WEBHOOK, now=now)
        if isinstance(seen, RefundSnapshot):
            if operation is not None and operation.is_active:
                outcome = outcome_of(seen)
                if outcome is not None and _fits(operation, seen):
                    driver = self.drivers[operation.kind]
                    await conclude_operation(work, driver, operation, outcome, step=Step.WEBHOOK, now=now)
                    return f"operation {operation.id} ended"
            return await self._observe_refund(work, event, operation, seen, now)
        return None

    async def _operation(self, work: UnitOfWork, event: GatewayEvent, seen: Snapshot) -> Operation | None:
        """The operation at this account whose key the provider knows it by; locked, as all that may end it does."""
        kinds: dict[type, str] = {PaymentSnapshot: SUBMIT_PAYMENT, RefundSnapshot: SUBMIT_REFUND}
        try:
            key = UUID(seen.reference or "")
        except ValueError:
            return None
        operation = await work.operations.lock_by_key(event.tenant_id, key)
        if operation is None or operation.gateway_account != event.gateway_account:
            return None  # what one account's webhooks say settles nothing at another
        return operation if operation.kind == kinds.get(type(seen)) else None

    async def _observe_refund(
        self, work: UnitOfWork, event: GatewayEvent, operation: Operation | None, seen: RefundSnapshot, now: datetime
    ) -> str | None:
        refund_id = (
            RefundId(operation.subject)
            if operation is not None
            else await work.refunds.by_provider_ref(event.tenant_id, event.gateway_account, seen.provider_ref)
        )
        if refund_id is None:
            payment_id = await self._payment_id(work, event, None, seen.payment_ref)
            if payment_id is None or seen.reference is not None:
                return None  # with a reference it is one of ours, of which we know nothing (any more)
            payment = await work.payments.lock(event.tenant_id, payment_id)
            # Again behind the lock: other news of the same refund may have been first.
            refund_id = await work.refunds.by_provider_ref(event.tenant_id, event.gateway_account, seen.provider_ref)
            if refund_id is None:
                if not await self.refunds.found(work, payment, seen, now=now):
                    return None  # the news of what was captured are still to come
                return f"payment {payment.id}: a refund made at the provider"
        refund = await work.refunds.get(event.tenant_id, refund_id)
        payment = await work.payments.lock(event.tenant_id, refund.payment_id)
        refund = await work.refunds.lock(event.tenant_id, refund_id)
        after = await self.refunds.observe(work, payment, refund, seen, now=now)
        return f"refund {refund.id}: {refund.status} to {after.status}"

    async def _payment_id(
        self, work: UnitOfWork, event: GatewayEvent, operation: Operation | None, provider_ref: str
    ) -> PaymentId | None:
        if operation is not None:
            return PaymentId(operation.subject)
        account = GatewayAccountId(event.gateway_account)
        return await work.payments.by_provider_ref(event.tenant_id, account, provider_ref)


def _fits(operation: Operation, seen: RefundSnapshot) -> bool:
    """Whether it is about what was asked for; what is not ends nothing, and is flagged where it is observed."""
    known = (operation.amount, operation.asset, operation.provider_ref or seen.provider_ref)
    return known == (seen.amount, seen.currency, seen.provider_ref)
