"""What may be done with payouts. The money leaves the merchant's balance when a payout is made, not when it arrives."""

from dataclasses import dataclass
from datetime import datetime

from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.books import Books, Line
from entrypoints.simulator.engine.declines import decline_of
from entrypoints.simulator.engine.movements import MovementKind
from entrypoints.simulator.engine.occasions import Step
from entrypoints.simulator.engine.payment_desk import check_supported
from entrypoints.simulator.engine.payouts import Destination, Payout, PayoutStatus, destination_of
from entrypoints.simulator.engine.refusals import NotAllowed
from entrypoints.simulator.engine.requests import PayoutRequest
from entrypoints.simulator.engine.truth import Effect


@dataclass(frozen=True, slots=True)
class PayoutDesk:
    """Every method checks before it changes anything: a refusal leaves no trace."""

    books: Books

    def create(self, account: MerchantAccount, request: PayoutRequest, *, at: datetime) -> str:
        """
        Take the amount and the fee from the balance, and be on the way; the payout's id.

        Raises:
            InvalidRequest: If the destination is unknown.
            NotAllowed: If the balance is too small, or the account does not take the currency.
        """
        destination = destination_of(request.destination)
        check_supported(account, request.currency)
        fee = account.fees.payout_fixed
        balance = self.books.total(account.id, request.currency)
        if request.amount + fee > balance and not account.payouts_may_overdraw:
            raise NotAllowed("balance_insufficient", f"The balance is {balance} {request.currency}.")
        payout = Payout(
            id=self.books.new_id("po"),
            account_id=account.id,
            reference=request.reference,
            amount=request.amount,
            currency=request.currency,
            destination=destination,
            fee=fee,
            status=PayoutStatus.PENDING,
            created_at=at,
            updated_at=at,
            description=request.description,
            metadata=request.metadata,
        )
        self.books.note(Effect.PAID_OUT, payout, payout.amount, fee=fee, at=at)
        self._move(payout, MovementKind.PAYOUT, -payout.amount, fee, at=at)
        self.books.put(payout)
        if destination is not Destination.SLOW:
            self.books.plan(Step.SEND_PAYOUT, payout.id, at=at, after_seconds=account.delays.payout_in_transit)
        return payout.id

    def cancel(self, payout: Payout, *, at: datetime) -> None:
        """
        Keep the money.

        Raises:
            NotAllowed: If it is on its way.
        """
        if payout.status is not PayoutStatus.PENDING:
            raise NotAllowed("payout_not_cancelable", f"A payout that is {payout.status} cannot be canceled.")
        self._reverse(payout.moved(PayoutStatus.CANCELED, at=at), at=at)

    def send(self, payout: Payout, *, at: datetime) -> None:
        """
        Hand it to the bank.

        Raises:
            NotAllowed: If it is not pending.
        """
        self.books.put(payout.moved(PayoutStatus.IN_TRANSIT, at=at))
        step = Step.FAIL_PAYOUT if payout.destination is Destination.FAILS else Step.PAY_PAYOUT
        delays = self.books.accounts[payout.account_id].delays
        self.books.plan(step, payout.id, at=at, after_seconds=delays.payout_paid)

    def pay(self, payout: Payout, *, at: datetime) -> None:
        """
        It has arrived.

        Raises:
            NotAllowed: If it is not in transit.
        """
        self.books.put(payout.moved(PayoutStatus.PAID, at=at))
        if payout.destination is Destination.RETURNED:
            delays = self.books.accounts[payout.account_id].delays
            self.books.plan(Step.RETURN_PAYOUT, payout.id, at=at, after_seconds=delays.payout_return)

    def fail(self, payout: Payout, *, at: datetime) -> None:
        """
        The bank does not take it: amount and fee are the merchant's again.

        Raises:
            NotAllowed: If it has arrived, or ended before.
        """
        self._reverse(payout.moved(PayoutStatus.FAILED, at=at, failure=decline_of("invalid_account_number")), at=at)

    def come_back(self, payout: Payout, *, at: datetime) -> None:
        """
        The bank sends it back days later: the amount is the merchant's again, the fee is not.

        Raises:
            NotAllowed: If it was not paid.
        """
        returned = payout.moved(PayoutStatus.RETURNED, at=at, failure=decline_of("account_closed"))
        self.books.note(Effect.PAYOUT_RETURNED, returned, payout.amount, at=at)
        self._move(payout, MovementKind.PAYOUT_RETURN, payout.amount, 0, at=at)
        self.books.put(returned)

    def _reverse(self, ended: Payout, *, at: datetime) -> None:
        self.books.note(Effect.PAYOUT_REVERSED, ended, ended.amount, fee=ended.fee, at=at)
        self._move(ended, MovementKind.PAYOUT_REVERSAL, ended.amount, -ended.fee, at=at)
        self.books.put(ended)

    def _move(self, payout: Payout, kind: MovementKind, gross: int, fee: int, *, at: datetime) -> None:
        line = Line(
            kind=kind,
            source_id=payout.id,
            payment_id=None,
            reference=payout.reference,
            gross=gross,
            fee=fee,
            currency=payout.currency,
            available_on=at,
            payout_id=payout.id,
        )
        self.books.move(payout.account_id, line, at=at)
