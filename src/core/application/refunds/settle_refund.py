"""Make what a provider says of a refund true: in the refund, its payment, the books and the events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.application.payments.payment_postings import (
    POSTED,
    FactRefused,
    refund_completed,
    refund_found,
    refund_returned,
)
from core.domain.gateways import RefundSnapshot
from core.domain.identifiers import RefundId
from core.domain.instructions import PostingRequest
from core.domain.outcomes import Failure
from core.domain.payment_events import payment_events, refund_event
from core.domain.payments import ENDED, Payment
from core.domain.refunds import Refund, RefundOrigin, RefundStatus
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork

_LOST = frozenset({RefundStatus.FAILED, RefundStatus.CANCELED})


@dataclass(frozen=True, slots=True)
class RefundSettlement:
    """Used by the driver and by webhooks alike; the payment is locked before the refund."""

    ids: IdGenerator

    async def observe(
        self, work: UnitOfWork, payment: Payment, refund: Refund, seen: RefundSnapshot, *, now: datetime
    ) -> Refund:
        """Follow the provider's news of the locked *refund*; old ones change nothing, wrong ones are flagged."""
        if (wrong := _contradiction(payment, refund, seen)) is not None:
            await self._keep_payment(work, payment, payment.flag(wrong, now=now))
            return refund
        target = refund.leads_to(seen.status)
        if target is None:
            return refund
        return await self._follow(
            work, payment, refund, target, provider_ref=seen.provider_ref, failure=seen.failure, now=now
        )

    async def fail(
        self, work: UnitOfWork, payment: Payment, refund: Refund, failure: Failure, *, now: datetime
    ) -> Refund:
        """The provider said no for good, or was never reached; what has ended stays as it is."""
        if refund.status not in {RefundStatus.CREATED, RefundStatus.PENDING}:
            return refund
        return await self._follow(
            work, payment, refund, RefundStatus.FAILED, provider_ref=refund.provider_ref, failure=failure, now=now
        )

    async def found(self, work: UnitOfWork, payment: Payment, seen: RefundSnapshot, *, now: datetime) -> bool:
        """
        A refund that somebody made on the provider's own pages: it happened, so it is posted; whether it was taken in.

        One that has failed already is kept without a posting, so that older news of it do not post it. One of more than
        we know to be captured waits for the news of that, while there can be any.
        """
        lost = RefundStatus(seen.status.value) in _LOST
        if seen.amount > payment.refundable and not lost and payment.status not in ENDED:
            return False
        if seen.currency != payment.asset or (seen.amount > payment.refundable and not lost):
            await self._keep_payment(
                work, payment, payment.flag(f"a refund of {seen.amount} was seen at the provider", now=now)
            )
            return True
        refund = Refund(
            tenant_id=payment.tenant_id,
            id=RefundId(self.ids.new()),
            payment_id=payment.id,
            wallet_id=payment.wallet_id,
            gateway_account=payment.gateway_account,
            asset=payment.asset,
            amount=seen.amount,
            origin=RefundOrigin.PROVIDER,
            reason=None,
            reference=None,
            operation_id=None,
            trace_id=payment.trace_id,
            created_at=now,
            status=RefundStatus(seen.status.value) if lost else RefundStatus.SUCCEEDED,
            provider_ref=seen.provider_ref,
            failure=seen.failure,
            updated_at=now,
        )
        if lost:
            await work.refunds.add(refund)
            await work.outbox.add(refund_event(None, refund))
            return True
        [answer] = await work.ledger.post([refund_found(self.ids, payment, refund)])
        after = payment.begin_refund(seen.amount, now=now).end_refund(seen.amount, succeeded=True, now=now)
        if answer.status != POSTED:
            await self._suspend(work, lambda: refund_found(self.ids, payment, refund, suspend=True))
            after = after.flag("refunded at the provider, and the wallet is short: suspense has paid", now=now)
        await work.refunds.add(refund)
        await self._keep_payment(work, payment, after)
        await work.outbox.add(refund_event(None, refund))
        return True

    async def _follow(
        self,
        work: UnitOfWork,
        payment: Payment,
        refund: Refund,
        target: RefundStatus,
        *,
        provider_ref: str | None,
        failure: Failure | None,
        now: datetime,
    ) -> Refund:
        moved = refund.move(target, now=now, provider_ref=provider_ref, failure=failure)
        after = payment
        if target is RefundStatus.SUCCEEDED:
            after = payment.end_refund(refund.amount, succeeded=True, now=now)
            await self._post(work, refund_completed(self.ids, payment, refund))
        elif target in _LOST:
            late = refund.status is RefundStatus.SUCCEEDED
            after = (
                payment.undo_refund(refund.amount, now=now)
                if late
                else payment.end_refund(refund.amount, succeeded=False, now=now)
            )
            after = await self._return(work, payment, after, refund, late=late, now=now)
        await work.refunds.save(moved)
        await self._keep_payment(work, payment, after)
        await work.outbox.add(refund_event(refund, moved))
        return moved

    async def _return(
        self, work: UnitOfWork, payment: Payment, after: Payment, refund: Refund, *, late: bool, now: datetime
    ) -> Payment:
        [answer] = await work.ledger.post([refund_returned(self.ids, payment, refund, after_success=late)])
        if answer.status == POSTED:
            return after
        await self._suspend(work, lambda: refund_returned(self.ids, payment, refund, after_success=late, suspend=True))
        return after.flag("a refund came back for a wallet that cannot take it: it is in suspense", now=now)

    async def _post(self, work: UnitOfWork, posting: PostingRequest) -> None:
        [answer] = await work.ledger.post([posting])
        if answer.status != POSTED:
            raise FactRefused(answer.body.decode())

    async def _suspend(self, work: UnitOfWork, posting: Callable[[], PostingRequest]) -> None:
        await self._post(work, posting())

    async def _keep_payment(self, work: UnitOfWork, before: Payment, after: Payment) -> None:
        if after != before:
            await work.payments.save(after)
            await work.outbox.add(payment_events(before, after))


def _contradiction(payment: Payment, refund: Refund, seen: RefundSnapshot) -> str | None:
    """What in the news does not fit the refund that we know."""
    if (seen.amount, seen.currency) != (refund.amount, refund.asset):
        return f"the provider refunds {seen.amount} {seen.currency}"
    if refund.provider_ref is not None and seen.provider_ref != refund.provider_ref:
        return f"the provider has another refund for it: {seen.provider_ref}"
    if payment.provider_ref is not None and seen.payment_ref not in {"", payment.provider_ref}:
        return f"the provider refunds another payment: {seen.payment_ref}"
    ended_by_us = refund.status in _LOST and refund.provider_ref is None
    if ended_by_us and RefundStatus(seen.status.value) not in _LOST:
        return f"refund {refund.id} was given up here, and the provider has made it: {seen.provider_ref}"
    return None
