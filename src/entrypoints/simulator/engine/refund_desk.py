"""What may be done with refunds. The money leaves the merchant's balance when a refund is made, not when it arrives."""

from dataclasses import dataclass
from datetime import datetime

from entrypoints.simulator.engine.books import Books, Line
from entrypoints.simulator.engine.declines import decline_of
from entrypoints.simulator.engine.methods import RefundCourse
from entrypoints.simulator.engine.movements import MovementKind
from entrypoints.simulator.engine.occasions import Step
from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.refunds import Origin, Refund, RefundStatus
from entrypoints.simulator.engine.refusals import NotAllowed
from entrypoints.simulator.engine.requests import check_amount, check_texts
from entrypoints.simulator.engine.truth import Effect

_FAILURE = "card_closed"


@dataclass(frozen=True, slots=True)
class RefundDesk:
    """Every method checks before it changes anything: a refusal leaves no trace."""

    books: Books

    def create(
        self,
        payment: Payment,
        *,
        amount: int | None,
        reference: str | None,
        reason: str | None = None,
        origin: Origin = Origin.API,
        at: datetime,
    ) -> str:
        """
        Give back a part of what was captured, or all that is left; the refund's id.

        Raises:
            InvalidRequest: If the amount is not positive.
            NotAllowed: If less than that was captured and not refunded yet.
        """
        check_texts(reference=reference, reason=reason)
        if amount is not None:
            check_amount(amount)
        given = payment.refundable if amount is None else amount
        if given > payment.refundable or given == 0:
            raise NotAllowed("refund_exceeds_captured", f"Only {payment.refundable} may be refunded still.")
        refund = Refund(
            id=self.books.new_id("ref"),
            account_id=payment.account_id,
            payment_id=payment.id,
            reference=reference,
            amount=given,
            currency=payment.currency,
            status=RefundStatus.PENDING,
            origin=origin,
            reason=reason,
            created_at=at,
            updated_at=at,
        )
        self.books.add_to_refund_sums(payment.id, pending=given, at=at)
        self.books.note(Effect.REFUNDED, refund, given, at=at)
        self._move(refund, MovementKind.REFUND, -given, at=at)
        self.books.put(refund)
        course = RefundCourse.SUCCEED if payment.method is None else payment.method.refunds
        step = Step.FAIL_REFUND if course is RefundCourse.FAIL else Step.FINISH_REFUND
        delays = self.books.accounts[payment.account_id].delays
        self.books.plan(step, refund.id, at=at, after_seconds=delays.refund)
        return refund.id

    def succeed(self, refund: Refund, *, at: datetime) -> None:
        """
        It has arrived.

        Raises:
            NotAllowed: If it is not pending.
        """
        succeeded = refund.moved(RefundStatus.SUCCEEDED, at=at)
        self.books.add_to_refund_sums(refund.payment_id, pending=-refund.amount, refunded=refund.amount, at=at)
        self.books.put(succeeded)
        method = self.books.payments[refund.payment_id].method
        if method is not None and method.refunds is RefundCourse.FAIL_AFTER_SUCCESS:
            delays = self.books.accounts[refund.account_id].delays
            self.books.plan(Step.FAIL_REFUND, refund.id, at=at, after_seconds=delays.late_refund_failure)

    def fail(self, refund: Refund, *, at: datetime) -> None:
        """
        It does not arrive, or came back: the money is the merchant's again.

        Raises:
            NotAllowed: If it failed before.
        """
        failed = refund.moved(RefundStatus.FAILED, at=at, failure=decline_of(_FAILURE))
        if refund.status is RefundStatus.PENDING:
            self.books.add_to_refund_sums(refund.payment_id, pending=-refund.amount, at=at)
        else:
            self.books.add_to_refund_sums(refund.payment_id, refunded=-refund.amount, at=at)
        self.books.note(Effect.REFUND_REVERSED, failed, refund.amount, at=at)
        self._move(refund, MovementKind.REFUND_REVERSAL, refund.amount, at=at)
        self.books.put(failed)

    def _move(self, refund: Refund, kind: MovementKind, gross: int, *, at: datetime) -> None:
        line = Line(
            kind=kind,
            source_id=refund.id,
            payment_id=refund.payment_id,
            reference=refund.reference,
            gross=gross,
            fee=0,
            currency=refund.currency,
            available_on=at,
        )
        self.books.move(refund.account_id, line, at=at)
