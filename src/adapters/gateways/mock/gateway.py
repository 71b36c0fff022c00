"""Payments and refunds with the provider of docs/simulator.md."""

from collections.abc import Callable
from dataclasses import replace

from adapters.gateways.mock.account import MockAccount
from adapters.gateways.mock.connection import segment
from adapters.gateways.mock.look_ups import look_up
from adapters.gateways.mock.mapping import NotUnderstood
from adapters.gateways.mock.refusals import check_amount, refused
from adapters.gateways.mock.verdicts import contradiction, on_cancellation, on_payment, on_refund
from adapters.gateways.mock.wire import (
    AccountDocument,
    ErrorDocument,
    PaymentDocument,
    RefundDocument,
    read,
)
from core.domain.gateway_capabilities import Capabilities, GatewayOperation
from core.domain.gateways import (
    CallContext,
    CancelPayment,
    CaptureMode,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    CreateRefund,
    PaymentSnapshot,
    RefundSnapshot,
)
from core.domain.outcomes import Conflict, Declined, NotSent, Outcome, Rejected, Sighting, Unknown
from ports.provider_http import HttpAnswer

_Differs = Callable[[PaymentSnapshot], str | None]
"""Names what the provider understood differently, if anything."""

_GOES_ON_BY_ITSELF = "payment_in_wrong_state"

_Answered = HttpAnswer | NotSent | Unknown | Rejected


class MockPayments:
    """Implements `ports.payment_gateway.PaymentGateway`."""

    def __init__(self, account: MockAccount) -> None:
        """Speak for *account*."""
        self._account = account

    @property
    def capabilities(self) -> Capabilities:
        """What this account may be asked for."""
        return self._account.capabilities

    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        """Ask for a payment."""
        self.capabilities.require(GatewayOperation.CREATE_PAYMENT, command.currency)
        if refusal := check_amount(command.amount):
            return refusal
        fields = {
            "reference": command.reference,
            "amount": command.amount,
            "currency": command.currency,
            "capture_method": command.capture.value,
            "payment_method": command.method,
            "return_url": command.return_url,
            "description": command.description,
        }
        answer = await self._account.connection.post("/v1/payments", fields, context)
        return self._judge(answer, lambda payment: _not_as_asked(payment, command))

    async def confirm_payment(self, command: ConfirmPayment, context: CallContext) -> Outcome:
        """
        Go on, and say where the payment stands by the provider's own word.

        A payment that the payer was sent away with goes on by itself; the provider refuses to confirm it, and that
        refusal is no answer to the question. So it is looked at instead.
        """
        self.capabilities.require(GatewayOperation.CONFIRM_PAYMENT)
        fields = {"payment_method": command.method, "return_url": command.return_url}
        answer = await self._account.connection.post(_path(command.provider_ref, "/confirm"), fields, context)
        outcome = self._judge(answer, lambda payment: _other_payment(payment, command.provider_ref))
        if isinstance(outcome, Rejected) and outcome.failure.provider_code == _GOES_ON_BY_ITSELF:
            seen = await self._account.connection.get(_path(command.provider_ref, ""), context)
            if not isinstance(seen, HttpAnswer) or seen.status != 200:
                return Unknown("the payment goes on by itself, and could not be looked at")
            return self._judge(seen, lambda payment: _other_payment(payment, command.provider_ref))
        return outcome

    async def capture(self, command: CapturePayment, context: CallContext) -> Outcome:
        """Take a part, or all."""
        self.capabilities.require(GatewayOperation.CAPTURE, command.currency)
        if refusal := check_amount(command.amount):
            return refusal
        fields = {"amount": command.amount, "final": command.final, "reference": command.reference}
        answer = await self._account.connection.post(_path(command.provider_ref, "/capture"), fields, context)
        return self._judge(answer, lambda payment: _not_as_captured(payment, command))

    async def cancel(self, command: CancelPayment, context: CallContext) -> Outcome:
        """Let go of what was not captured."""
        self.capabilities.require(GatewayOperation.CANCEL)
        answer = await self._account.connection.post(_path(command.provider_ref, "/cancel"), {}, context)
        return self._judge(
            answer, lambda payment: _other_payment(payment, command.provider_ref), lambda _, seen: on_cancellation(seen)
        )

    async def refund(self, command: CreateRefund, context: CallContext) -> Outcome:
        """Give a part, or all, back."""
        self.capabilities.require(GatewayOperation.REFUND, command.currency)
        if refusal := check_amount(command.amount):
            return refusal
        fields = {"reference": command.reference, "amount": command.amount, "reason": command.reason}
        answer = await self._account.connection.post(_path(command.payment_ref, "/refunds"), fields, context)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status not in {200, 201}:
            return refused(answer, self._account.codes)
        document = read(answer.body, RefundDocument)
        if document is None:
            return _unreadable(answer)
        return self._judge_refund(document, lambda refund: _not_as_refunded(refund, command))

    async def find_payment(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of a payment."""
        found = await look_up(
            self._account.connection,
            "/v1/payments",
            PaymentDocument,
            reference=reference,
            provider_ref=provider_ref,
            context=context,
            absence_is_proof=self._account.absence_is_proof(GatewayOperation.CREATE_PAYMENT),
        )
        return self._judge_payment(found, _in_no_way) if isinstance(found, PaymentDocument) else found

    async def find_refund(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of a refund."""
        found = await look_up(
            self._account.connection,
            "/v1/refunds",
            RefundDocument,
            reference=reference,
            provider_ref=provider_ref,
            context=context,
            absence_is_proof=self._account.absence_is_proof(GatewayOperation.REFUND),
        )
        return self._judge_refund(found, lambda _: None) if isinstance(found, RefundDocument) else found

    async def check_credentials(self, context: CallContext) -> str | None:
        """Why the account cannot be used: the key is none of its, or it is disabled."""
        answer = await self._account.connection.get("/v1/account", context)
        if not isinstance(answer, HttpAnswer):
            return f"could not be checked: {answer.reason}"
        if answer.status in {401, 403}:
            return "the provider does not accept the credentials"
        document = read(answer.body, AccountDocument) if answer.status == 200 else None
        if document is None:
            return f"could not be checked: answered with {answer.status}"
        return None if document.id == self._account.id else "the credentials are those of another account"

    def _judge(
        self,
        answer: _Answered,
        differs: _Differs,
        verdict: Callable[[PaymentDocument, PaymentSnapshot], Outcome] | None = None,
    ) -> Outcome:
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status == 402:
            return self._judge_decline(answer, differs)
        if answer.status not in {200, 201}:
            return refused(answer, self._account.codes)
        document = read(answer.body, PaymentDocument)
        return _unreadable(answer) if document is None else self._judge_payment(document, differs, verdict)

    def _judge_decline(self, answer: HttpAnswer, differs: _Differs) -> Outcome:
        document = read(answer.body, ErrorDocument)
        if document is None or document.error.type != "declined":
            return _unreadable(answer)
        said = document.error
        if document.payment is None:
            return Declined(self._account.codes.decline(said.code, said.message))
        judged = self._judge_payment(document.payment, differs)
        if isinstance(judged, Declined):
            has_reason = document.payment.failure is not None
            return (
                judged if has_reason else replace(judged, failure=self._account.codes.decline(said.code, said.message))
            )
        return judged if isinstance(judged, Conflict) else Unknown("declined, with a payment that did not fail")

    def _judge_payment(
        self,
        document: PaymentDocument,
        differs: _Differs,
        verdict: Callable[[PaymentDocument, PaymentSnapshot], Outcome] | None = None,
    ) -> Outcome:
        try:
            payment = self._account.reader.payment(document)
        except NotUnderstood as puzzle:
            return Unknown(str(puzzle))
        if different := differs(payment) or contradiction(payment):
            return Conflict(f"the provider's {different} is not ours", payment.provider_ref)
        if verdict is not None:
            return verdict(document, payment)
        return on_payment(payment, captures_by_itself=document.capture_method == CaptureMode.AUTOMATIC)

    def _judge_refund(self, document: RefundDocument, differs: Callable[[RefundSnapshot], str | None]) -> Outcome:
        try:
            refund = self._account.reader.refund(document)
        except NotUnderstood as puzzle:
            return Unknown(str(puzzle))
        if different := differs(refund):
            return Conflict(f"the provider's {different} is not ours", refund.provider_ref)
        return on_refund(refund)


def _path(provider_ref: str, step: str) -> str:
    return f"/v1/payments/{segment(provider_ref)}{step}"


def _unreadable(answer: HttpAnswer) -> Unknown:
    return Unknown(f"answered with {answer.status}, and nothing that can be read")


def _in_no_way(_payment: PaymentSnapshot) -> None:
    return None


def _other_payment(payment: PaymentSnapshot, provider_ref: str) -> str | None:
    return "payment" if payment.provider_ref != provider_ref else None


def _not_as_asked(payment: PaymentSnapshot, command: CreatePayment) -> str | None:
    if payment.reference != command.reference:
        return "reference"
    if payment.currency != command.currency:
        return "currency"
    if payment.amount != command.amount or payment.authorized not in {0, command.amount}:
        return "amount"
    by_itself = command.capture is CaptureMode.AUTOMATIC
    return "captured amount" if payment.captured not in ({0, command.amount} if by_itself else {0}) else None


def _not_as_captured(payment: PaymentSnapshot, command: CapturePayment) -> str | None:
    if payment.currency != command.currency:
        return "currency"
    if payment.captured != command.captured_before + command.amount:
        return "captured amount"
    return _other_payment(payment, command.provider_ref)


def _not_as_refunded(refund: RefundSnapshot, command: CreateRefund) -> str | None:
    expected = (command.payment_ref, command.reference, command.currency, command.amount)
    names = ("payment", "reference", "currency", "amount")
    actual = (refund.payment_ref, refund.reference, refund.currency, refund.amount)
    return next((name for name, ours, theirs in zip(names, expected, actual, strict=True) if ours != theirs), None)
