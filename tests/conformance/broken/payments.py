"""Payment adapters that go wrong in one way each."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

from adapters.gateways.mock.gateway import MockPayments
from core.domain.gateway_capabilities import Capabilities, GatewayOperation, LookUp
from core.domain.gateways import (
    CallContext,
    CancelPayment,
    CaptureMode,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    CreateRefund,
    PaymentSnapshot,
)
from core.domain.outcomes import (
    Absent,
    Conflict,
    Declined,
    Failure,
    FailureClass,
    NextStep,
    Outcome,
    Rejected,
    Sighting,
    Succeeded,
    Unknown,
)

SOMETHING_ELSE = Failure(code="failed", failure_class=FailureClass.HARD_DECLINE, next_step=NextStep.NEVER_RETRY)


class TimeoutsAreDeclines(MockPayments):
    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        return Declined(SOMETHING_ELSE) if outcome == Unknown("the deadline passed") else outcome


class CancelsAnything(MockPayments):
    async def cancel(self, command: CancelPayment, context: CallContext) -> Outcome:
        outcome = await super().cancel(command, context)
        return Succeeded(command.provider_ref) if isinstance(outcome, Rejected) else outcome


class CapturesWhatIsLeft(MockPayments):
    """Where more is asked for than there is, it asks for less."""

    async def capture(self, command: CapturePayment, context: CallContext) -> Outcome:
        outcome = await super().capture(command, context)
        if isinstance(outcome, Rejected) and outcome.failure.code == "capture_exceeds_authorized":
            less = replace(command, amount=command.amount - 1)
            return await super().capture(less, replace(context, key=uuid4().hex))
        return outcome


class NegativeRefundsGoOut(MockPayments):
    async def refund(self, command: CreateRefund, context: CallContext) -> Outcome:
        if command.amount <= 0:
            return await super().refund(replace(command, amount=abs(command.amount) or 1), context)
        return await super().refund(command, context)


class RefundsAreAllAccepted(MockPayments):
    async def refund(self, command: CreateRefund, context: CallContext) -> Outcome:
        outcome = await super().refund(command, context)
        too_much = isinstance(outcome, Rejected) and outcome.failure.code == "refund_exceeds_captured"
        return Succeeded(command.payment_ref) if too_much else outcome


class UnknownCodesAreHard(MockPayments):
    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        if isinstance(outcome, Declined) and outcome.failure.provider_code not in self._account.codes.meanings:
            return replace(outcome, failure=SOMETHING_ELSE)
        return outcome


class FailsOverStolenCards(MockPayments):
    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        return (
            replace(outcome, failure=replace(outcome.failure, failover_ok=True))
            if isinstance(outcome, Declined)
            and outcome.failure.failure_class in {FailureClass.HARD_DECLINE, FailureClass.FRAUD}
            else outcome
        )


class MismatchIsSomeRefusal(MockPayments):
    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        if isinstance(outcome, Rejected) and outcome.failure.code == "idempotency_mismatch":
            return Rejected(replace(outcome.failure, code="request_refused"))
        return outcome


class BelievesTheBrowser(MockPayments):
    async def confirm_payment(self, command: ConfirmPayment, context: CallContext) -> Outcome:
        if "status=succeeded" in (command.return_url or ""):
            return Succeeded(command.provider_ref)
        return await super().confirm_payment(command, context)


class ChargesAgainOnReturn(MockPayments):
    """The return comes, and the payment is made anew rather than looked at."""

    async def confirm_payment(self, command: ConfirmPayment, context: CallContext) -> Outcome:
        outcome = await super().confirm_payment(command, context)
        if isinstance(outcome, Succeeded) and isinstance(outcome.evidence, PaymentSnapshot):
            return await self._charge_again(outcome.evidence, context) if outcome.evidence.captured else outcome
        return outcome

    async def _charge_again(self, paid: PaymentSnapshot, context: CallContext) -> Outcome:
        again = CreatePayment(
            reference=paid.reference,
            amount=paid.amount,
            currency=paid.currency,
            capture=CaptureMode.AUTOMATIC,
            method="pm_card_ok",
        )
        return await super().create_payment(again, replace(context, key=uuid4().hex))


class AmountsAreNotCompared(MockPayments):
    """What the provider says is taken for what we asked for."""

    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        if isinstance(outcome, Conflict):
            return Succeeded(outcome.provider_ref or "?")
        return outcome


class OneCommandAtATime(MockPayments):
    """Keeps the call's state on the object, where the next call overwrites it."""

    _command: CreatePayment

    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        self._command = command
        await asyncio.sleep(0)
        return await super().create_payment(self._command, context)


class FailedLookUpsAreAbsence(MockPayments):
    async def find_payment(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        found = await super().find_payment(reference, provider_ref, context)
        return Absent(authoritative=True) if isinstance(found, Unknown) else found


class ProvesWhatItCannot(MockPayments):
    """Declares that what is not found may still come, and says the contrary."""

    @property
    def capabilities(self) -> Capabilities:
        return weaker(super().capabilities)


class TakesTheFirstOfTwo(MockPayments):
    async def find_payment(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        found = await super().find_payment(reference, provider_ref, context)
        if isinstance(found, Conflict) and "objects" in found.detail:
            return Succeeded(found.provider_ref or "?")
        return found


class RefundsSucceedForEver(MockPayments):
    async def find_refund(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        found = await super().find_refund(reference, provider_ref, context)
        return Succeeded(found.provider_ref or "?", found.evidence) if isinstance(found, Declined) else found


class ShowsItsHeaders(MockPayments):
    def __repr__(self) -> str:
        return f"<MockPayments {self._account.connection._headers}>"


class RepeatsTheProvidersWords(MockPayments):
    """The message is kept as it came."""

    async def create_payment(self, command: CreatePayment, context: CallContext) -> Outcome:
        outcome = await super().create_payment(command, context)
        if isinstance(outcome, Declined):
            message = (outcome.failure.message or "").replace("[number]", "4242 4242 4242 4242")
            return replace(outcome, failure=replace(outcome.failure, message=message))
        return outcome


class EveryKeyIsGood(MockPayments):
    async def check_credentials(self, context: CallContext) -> str | None:
        return None


class DoesWhatItDoesNotDeclare(MockPayments):
    """The capabilities are for show: the adapter asks the provider anyway."""

    shown: Capabilities

    @property
    def capabilities(self) -> Capabilities:
        return _Permissive(self.shown)


class _Permissive(Capabilities):
    def __init__(self, shown: Capabilities) -> None:
        super().__init__(maturity=shown.maturity, operations=shown.operations, currencies=shown.currencies)

    def require(self, operation: GatewayOperation, currency: str | None = None) -> Any:
        return self.operations.get(operation)


def weaker(capabilities: Capabilities) -> Capabilities:
    """The same, but absence proves nothing."""
    operations = {
        operation: replace(declared, look_up=LookUp.AUTHORITATIVE)
        if declared.look_up is LookUp.AUTHORITATIVE_INCLUDING_ABSENCE
        else declared
        for operation, declared in capabilities.operations.items()
    }
    return replace(capabilities, operations=operations)
