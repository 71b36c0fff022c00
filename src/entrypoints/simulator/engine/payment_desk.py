"""What may be done with payments."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.books import Books, Line
from entrypoints.simulator.engine.declines import decline_of
from entrypoints.simulator.engine.methods import Course, Method, method_of, method_typed
from entrypoints.simulator.engine.movements import MovementKind
from entrypoints.simulator.engine.occasions import Step
from entrypoints.simulator.engine.payments import Capture, CaptureMethod, Payment, PaymentStatus
from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed
from entrypoints.simulator.engine.requests import PaymentRequest, check_amount, check_texts, check_url
from entrypoints.simulator.engine.truth import Effect

_CANCELABLE = frozenset(
    {
        PaymentStatus.CREATED,
        PaymentStatus.REQUIRES_ACTION,
        PaymentStatus.AUTHORIZED,
        PaymentStatus.PARTIALLY_CAPTURED,
    }
)


@dataclass(frozen=True, slots=True)
class PaymentDesk:
    """Every method checks before it changes anything: a refusal leaves no trace."""

    books: Books

    def create(self, account: MerchantAccount, request: PaymentRequest, *, at: datetime) -> str:
        """
        Make a payment, and confirm it unless told otherwise; its id.

        Raises:
            InvalidRequest: If the method is unknown, or a page is needed and there is no way back from it.
            NotAllowed: If the account does not take the currency.
        """
        check_supported(account, request.currency)
        method = None if request.method is None else method_of(request.method)
        if request.confirm:
            _check_way_back(method, request.return_url)
        payment = Payment(
            id=self.books.new_id("pay"),
            account_id=account.id,
            reference=request.reference,
            amount=request.amount,
            currency=request.currency,
            capture_method=request.capture_method,
            status=PaymentStatus.CREATED,
            created_at=at,
            updated_at=at,
            method=method,
            return_url=request.return_url,
            description=request.description,
            metadata=request.metadata,
        )
        self.books.put(payment, announce=not request.confirm)
        if request.confirm:
            self._confirm(payment, at=at)
        else:
            self.books.plan(Step.EXPIRE_PAYMENT, payment.id, at=at, after_seconds=account.delays.unpaid)
        return payment.id

    def confirm(self, payment: Payment, *, method: str | None, return_url: str | None, at: datetime) -> None:
        """
        Go ahead with a payment that was only created.

        Raises:
            InvalidRequest: If the method is unknown, or a page is needed and there is no way back from it.
            NotAllowed: If it was confirmed before.
        """
        if return_url is not None:
            check_url("return_url", return_url)
        chosen = payment.method if method is None else method_of(method)
        if payment.status is not PaymentStatus.CREATED:
            raise NotAllowed("payment_in_wrong_state", f"A payment that is {payment.status} cannot be confirmed.")
        back = payment.return_url if return_url is None else return_url
        _check_way_back(chosen, back)
        self._confirm(replace(payment, method=chosen, return_url=back), at=at)

    def capture(
        self, payment: Payment, *, amount: int | None, final: bool, reference: str | None, at: datetime
    ) -> None:
        """
        Take a part of what was authorized, or all that is left; with *final* the rest is released.

        Raises:
            InvalidRequest: If the amount is not positive.
            NotAllowed: If nothing is authorized, or less than asked for.
        """
        check_texts(reference=reference)
        if amount is not None:
            check_amount(amount)
        if payment.status not in {PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED}:
            raise NotAllowed("payment_not_capturable", f"A payment that is {payment.status} cannot be captured.")
        taken = payment.capturable if amount is None else amount
        if taken > payment.capturable:
            raise NotAllowed("capture_exceeds_authorized", f"Only {payment.capturable} may be captured still.")
        self._capture(payment, taken, final=final, reference=reference, at=at)

    def cancel(self, payment: Payment, *, at: datetime) -> None:
        """
        Give up what is not captured yet; what is captured stays so.

        Raises:
            NotAllowed: If there is nothing left to give up.
        """
        if payment.status not in _CANCELABLE:
            raise NotAllowed("payment_not_cancelable", f"A payment that is {payment.status} cannot be canceled.")
        self._release(payment, PaymentStatus.CANCELED, at=at)

    def approve(self, payment: Payment, *, at: datetime) -> None:
        """
        The payer has authenticated; a method may decline even then.

        Raises:
            NotAllowed: If the payment does not wait for that.
        """
        method = self._challenged(payment)
        if method.decline_code is None:
            self._authorize(payment, at=at)
        else:
            self._fail(payment, method.decline_code, at=at)

    def refuse(self, payment: Payment, *, at: datetime) -> None:
        """
        The payer would not, or could not, authenticate.

        Raises:
            NotAllowed: If the payment does not wait for that.
        """
        _check_waiting(payment)
        self._fail(payment, "authentication_failed", at=at)

    def pay_with_typed_card(self, payment: Payment, number: str, *, at: datetime) -> None:
        """
        The payer typed a card on our page.

        Raises:
            InvalidRequest: If it is no test card.
            NotAllowed: If the payment does not wait for that.
        """
        _check_waiting(payment)
        if payment.method is not None:
            raise NotAllowed("payment_in_wrong_state", "The payment has its method.")
        method = method_typed(number)
        paid = replace(payment, method=method, updated_at=at)
        if method.course is Course.CHALLENGE:
            self.books.put(paid, announce=False)
        else:
            self._confirm(paid, at=at)

    def finish(self, payment: Payment, *, at: datetime) -> None:
        """The bank says yes at last."""
        if payment.status is PaymentStatus.PROCESSING:
            self._authorize(payment, at=at)

    def fail(self, payment: Payment, *, at: datetime) -> None:
        """The bank says no at last."""
        if payment.status is PaymentStatus.PROCESSING and payment.method is not None:
            self._fail(payment, payment.method.decline_code or "bank_declined", at=at)

    def succeed_late(self, payment: Payment, *, at: datetime) -> None:
        """A payment that was told to have failed is captured after all."""
        if payment.status is PaymentStatus.FAILED:
            self.books.note(Effect.AUTHORIZED, payment, payment.amount, at=at)
            revived = replace(payment, authorized=payment.amount, authorized_at=at, failure=None)
            self._capture(revived, payment.amount, final=True, at=at)

    def expire(self, payment: Payment, *, at: datetime) -> None:
        """
        Time is up for what is not captured yet.

        Raises:
            NotAllowed: If there is nothing left to expire.
        """
        if payment.status not in _CANCELABLE:
            raise NotAllowed("payment_not_expirable", f"A payment that is {payment.status} cannot expire.")
        self._release(payment, PaymentStatus.EXPIRED, at=at)

    def expire_if_due(self, payment: Payment, *, at: datetime) -> None:
        """The planned end of a payment that nobody confirmed, or of an authorization."""
        delays = self.books.accounts[payment.account_id].delays
        if payment.authorized_at is None:
            end = payment.created_at + timedelta(seconds=delays.unpaid)
        else:
            end = payment.authorized_at + timedelta(seconds=delays.authorization)
        if payment.status in _CANCELABLE and at >= end:
            self._release(payment, PaymentStatus.EXPIRED, at=at)

    def _confirm(self, payment: Payment, *, at: datetime) -> None:
        delays = self.books.accounts[payment.account_id].delays
        method = payment.method
        if method is None or method.course is Course.CHALLENGE:
            token = self.books.new_id("page")
            self.books.put(payment.moved(PaymentStatus.REQUIRES_ACTION, at=at, page_token=token))
            age = (at - payment.created_at).total_seconds()
            self.books.plan(Step.EXPIRE_PAYMENT, payment.id, at=at, after_seconds=max(0.0, delays.unpaid - age))
            return
        match method.course:
            case Course.SUCCEED:
                self._authorize(payment, at=at)
            case Course.DECLINE:
                self._fail(payment, method.decline_code or "generic_decline", at=at)
            case Course.SUCCEED_LATER | Course.FAIL_LATER:
                self.books.put(payment.moved(PaymentStatus.PROCESSING, at=at))
                step = Step.FINISH_PAYMENT if method.course is Course.SUCCEED_LATER else Step.FAIL_PAYMENT
                self.books.plan(step, payment.id, at=at, after_seconds=delays.async_payment)
            case Course.SUCCEED_AFTER_DECLINE:
                self._fail(payment, method.decline_code or "processing_error", at=at)
                self.books.plan(Step.SUCCEED_LATE, payment.id, at=at, after_seconds=delays.late_success)

    def _authorize(self, payment: Payment, *, at: datetime) -> None:
        """All of it, and captured at once unless the merchant wants to do that."""
        authorized = replace(payment, authorized=payment.amount, authorized_at=at)
        self.books.note(Effect.AUTHORIZED, payment, payment.amount, at=at)
        if payment.capture_method is CaptureMethod.AUTOMATIC:
            self._capture(authorized, payment.amount, final=True, at=at)
            return
        self.books.put(authorized.moved(PaymentStatus.AUTHORIZED, at=at))
        lifetime = self.books.accounts[payment.account_id].delays.authorization
        self.books.plan(Step.EXPIRE_PAYMENT, payment.id, at=at, after_seconds=lifetime)

    def _capture(
        self, payment: Payment, amount: int, *, final: bool, reference: str | None = None, at: datetime
    ) -> None:
        account = self.books.accounts[payment.account_id]
        fee = account.fees.of_capture(amount)
        capture = Capture(id=self.books.new_id("cap"), amount=amount, fee=fee, created_at=at, reference=reference)
        left = payment.capturable - amount
        is_done = final or left == 0
        captured = payment.moved(
            PaymentStatus.CAPTURED if is_done else PaymentStatus.PARTIALLY_CAPTURED,
            at=at,
            captured=payment.captured + amount,
            released=payment.released + (left if is_done else 0),
            fee=payment.fee + fee,
            captures=(*payment.captures, capture),
        )
        self.books.note(Effect.CAPTURED, captured, amount, fee=fee, at=at)
        if is_done and left:
            self.books.note(Effect.RELEASED, captured, left, at=at)
        line = Line(
            kind=MovementKind.CHARGE,
            source_id=capture.id,
            payment_id=payment.id,
            reference=reference or payment.reference,
            gross=amount,
            fee=fee,
            currency=payment.currency,
            available_on=at + timedelta(seconds=account.delays.settlement),
        )
        self.books.move(payment.account_id, line, at=at)
        self.books.put(captured)

    def _release(self, payment: Payment, status: PaymentStatus, *, at: datetime) -> None:
        left = payment.capturable
        end = PaymentStatus.CAPTURED if payment.captured else status
        released = payment.moved(end, at=at, released=payment.released + left)
        if left:
            self.books.note(Effect.RELEASED, released, left, at=at)
        self.books.put(released)

    def _fail(self, payment: Payment, code: str, *, at: datetime) -> None:
        failed = payment.moved(PaymentStatus.FAILED, at=at, failure=decline_of(code))
        self.books.note(Effect.DECLINED, failed, payment.amount, at=at)
        self.books.put(failed)

    @staticmethod
    def _challenged(payment: Payment) -> Method:
        _check_waiting(payment)
        if payment.method is None:
            raise NotAllowed("payment_in_wrong_state", "The payer has not chosen how to pay.")
        return payment.method


def check_supported(account: MerchantAccount, currency: str) -> None:
    """
    Whether the account takes the currency.

    Raises:
        NotAllowed: If not.
    """
    if account.currencies and currency not in account.currencies:
        raise NotAllowed("currency_not_supported", f"This account does not take {currency}.")


def _check_way_back(method: Method | None, return_url: str | None) -> None:
    if return_url is None and (method is None or method.course is Course.CHALLENGE):
        raise InvalidRequest("return_url_required", "The payer has to act on a page, and needs a way back from it.")


def _check_waiting(payment: Payment) -> None:
    if payment.status is not PaymentStatus.REQUIRES_ACTION:
        raise NotAllowed("payment_in_wrong_state", f"A payment that is {payment.status} does not wait for its payer.")
