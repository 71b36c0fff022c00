"""Make what a provider says of a payment true: in the payment, in the books, in the events; whoever heard it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from core.application.payments.payment_postings import POSTED, FactRefused, capture_posting, fee_posting
from core.domain.gateways import PaymentSnapshot
from core.domain.instructions import PostingRequest
from core.domain.outcomes import Failure
from core.domain.payment_events import payment_events
from core.domain.payments import ENDED, PAYMENT_TRANSITIONS, Payment, PaymentStatus, observe_payment
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PaymentSettlement:
    """Used by the drivers and by webhooks alike, so that it matters not who comes first, or twice."""

    ids: IdGenerator

    async def observe(self, work: UnitOfWork, payment: Payment, seen: PaymentSnapshot, *, now: datetime) -> Payment:
        """Merge the snapshot into the locked *payment*, and move what was captured, and the fee, since."""
        return await self.keep(work, payment, observe_payment(payment, seen, now=now), now=now)

    async def fail(self, work: UnitOfWork, payment: Payment, failure: Failure, *, now: datetime) -> Payment:
        """The provider said no for good, or was never reached; what has ended stays as it is."""
        if payment.status in ENDED or payment.captured:
            return payment
        if PaymentStatus.FAILED not in PAYMENT_TRANSITIONS[payment.status]:
            flagged = payment.flag(f"{failure.code} of a payment that is {payment.status}", now=now)
            return await self.keep(work, payment, flagged, now=now)
        failed = replace(payment, status=PaymentStatus.FAILED, failure=failure, next_action=None, updated_at=now)
        return await self.keep(work, payment, failed, now=now)

    async def keep(self, work: UnitOfWork, before: Payment, after: Payment, *, now: datetime) -> Payment:
        """Post the difference, write the payment, announce it."""
        after = await self._post(work, before, after, now=now)
        if after != before:
            await work.payments.save(after)
        await work.outbox.add(payment_events(before, after))
        return after

    async def _post(self, work: UnitOfWork, before: Payment, after: Payment, *, now: datetime) -> Payment:
        captured, fee = after.captured - before.captured, after.fee - before.fee
        requests: list[PostingRequest] = []
        if captured:
            requests.append(capture_posting(self.ids, after, captured))
        if fee:
            requests.append(fee_posting(self.ids, after, fee))
        if not requests:
            return after
        answers = await work.ledger.post(requests)
        refused = [answer for answer in answers if answer.status != POSTED]
        if not refused:
            return after
        if not captured or answers[0].status == POSTED:
            raise FactRefused(refused[0].body.decode())
        return await self._suspend(work, after, lambda: capture_posting(self.ids, after, captured, suspend=True), now)

    async def _suspend(
        self, work: UnitOfWork, payment: Payment, posting: Callable[[], PostingRequest], now: datetime
    ) -> Payment:
        """The wallet cannot take it (it was closed): the money is kept in suspense, and a person is told."""
        [answer] = await work.ledger.post([posting()])
        if answer.status != POSTED:
            raise FactRefused(answer.body.decode())
        return payment.flag("captured for a wallet that cannot take it: the money is in suspense", now=now)
