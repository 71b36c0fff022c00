"""The provider as a whole: its desks, and what it does by itself when the time comes."""

from collections.abc import Callable
from datetime import datetime

from entrypoints.simulator.engine.books import Books, Line
from entrypoints.simulator.engine.movements import MovementKind
from entrypoints.simulator.engine.occasions import DueStep, Step
from entrypoints.simulator.engine.payment_desk import PaymentDesk
from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.payout_desk import PayoutDesk
from entrypoints.simulator.engine.payouts import PayoutStatus
from entrypoints.simulator.engine.refund_desk import RefundDesk
from entrypoints.simulator.engine.refunds import RefundStatus
from entrypoints.simulator.engine.refusals import NotFound
from entrypoints.simulator.engine.requests import check_amount, check_currency
from entrypoints.simulator.engine.truth import Effect, TruthEntry


class Provider:
    """All that any wire protocol, page or control needs. Time comes in with each call."""

    def __init__(self, books: Books) -> None:
        """Work on *books*."""
        self.books = books
        self.payments = PaymentDesk(books)
        self.refunds = RefundDesk(books)
        self.payouts = PayoutDesk(books)
        self._steps: dict[Step, Callable[[str, datetime], None]] = {
            Step.FINISH_PAYMENT: lambda key, at: self.payments.finish(books.payments[key], at=at),
            Step.FAIL_PAYMENT: lambda key, at: self.payments.fail(books.payments[key], at=at),
            Step.SUCCEED_LATE: lambda key, at: self.payments.succeed_late(books.payments[key], at=at),
            Step.EXPIRE_PAYMENT: lambda key, at: self.payments.expire_if_due(books.payments[key], at=at),
            Step.FINISH_REFUND: self._finish_refund,
            Step.FAIL_REFUND: self._fail_refund,
            Step.SEND_PAYOUT: self._when_payout(PayoutStatus.PENDING, self.payouts.send),
            Step.PAY_PAYOUT: self._when_payout(PayoutStatus.IN_TRANSIT, self.payouts.pay),
            Step.FAIL_PAYOUT: self._when_payout(PayoutStatus.IN_TRANSIT, self.payouts.fail),
            Step.RETURN_PAYOUT: self._when_payout(PayoutStatus.PAID, self.payouts.come_back),
        }

    def run_due(self, now: datetime) -> None:
        """
        Do what is due by *now*, each step as of its own time, and what follows from it within that time.

        A step whose object was meanwhile moved by somebody else is past: it does nothing.
        """
        while (due := self.books.pop_due(now)) is not None:
            self._run(due)

    def fund(self, account_id: str, amount: int, currency: str, *, reference: str | None, at: datetime) -> None:
        """
        Put money on a merchant's balance that no payer has paid.

        Raises:
            NotFound: If there is no such account.
            InvalidRequest: If amount or currency are none.
        """
        account = self.books.account(account_id)
        check_amount(amount)
        check_currency(currency)
        source = self.books.new_id("fund")
        line = Line(
            kind=MovementKind.FUNDING,
            source_id=source,
            payment_id=None,
            reference=reference,
            gross=amount,
            fee=0,
            currency=currency,
            available_on=at,
        )
        self.books.move(account.id, line, at=at)
        self.books.note_entry(
            TruthEntry(
                at=at,
                account_id=account.id,
                effect=Effect.FUNDED,
                object_id=source,
                payment_id=None,
                reference=reference,
                amount=amount,
                fee=0,
                currency=currency,
            )
        )

    def payment_of_page(self, token: str) -> Payment:
        """
        The payment that a hosted page is about.

        Raises:
            NotFound: If there is no such page.
        """
        payment_id = self.books.pages.get(token)
        if payment_id is None:
            raise NotFound("page_not_found", "There is no such page.")
        return self.books.payments[payment_id]

    def _run(self, due: DueStep) -> None:
        self._steps[due.step](due.object_id, due.at)

    def _finish_refund(self, refund_id: str, at: datetime) -> None:
        refund = self.books.refunds[refund_id]
        if refund.status is RefundStatus.PENDING:
            self.refunds.succeed(refund, at=at)

    def _fail_refund(self, refund_id: str, at: datetime) -> None:
        refund = self.books.refunds[refund_id]
        if refund.status is not RefundStatus.FAILED:
            self.refunds.fail(refund, at=at)

    def _when_payout(self, status: PayoutStatus, act: Callable[..., None]) -> Callable[[str, datetime], None]:
        def step(payout_id: str, at: datetime) -> None:
            payout = self.books.payouts[payout_id]
            if payout.status is status:
                act(payout, at=at)

        return step
