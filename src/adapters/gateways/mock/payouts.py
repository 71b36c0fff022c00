"""Payouts with the provider of docs/simulator.md."""

from collections.abc import Callable

from adapters.gateways.mock.account import MockAccount
from adapters.gateways.mock.connection import segment
from adapters.gateways.mock.look_ups import look_up
from adapters.gateways.mock.mapping import NotUnderstood
from adapters.gateways.mock.refusals import check_amount, refused
from adapters.gateways.mock.verdicts import on_payout, on_payout_cancellation
from adapters.gateways.mock.wire import PayoutDocument, read
from core.domain.gateway_capabilities import Capabilities, GatewayOperation
from core.domain.gateways import CallContext, CreatePayout, PayoutSnapshot
from core.domain.outcomes import Conflict, NotSent, Outcome, Rejected, Sighting, Unknown
from ports.provider_http import HttpAnswer


class MockPayouts:
    """Implements `ports.payout_gateway.PayoutGateway`."""

    def __init__(self, account: MockAccount) -> None:
        """Speak for *account*."""
        self._account = account

    @property
    def capabilities(self) -> Capabilities:
        """What this account may be asked for."""
        return self._account.capabilities

    async def create_payout(self, command: CreatePayout, context: CallContext) -> Outcome:
        """Pay somebody out of the balance."""
        self.capabilities.require(GatewayOperation.CREATE_PAYOUT, command.currency)
        if refusal := check_amount(command.amount):
            return refusal
        fields = {
            "reference": command.reference,
            "amount": command.amount,
            "currency": command.currency,
            "destination": command.destination,
            "description": command.description,
        }
        answer = await self._account.connection.post("/v1/payouts", fields, context)
        return self._judge(answer, lambda payout: _not_as_asked(payout, command), on_payout)

    async def cancel_payout(self, provider_ref: str, context: CallContext) -> Outcome:
        """Keep the money, as long as it has not left."""
        self.capabilities.require(GatewayOperation.CANCEL_PAYOUT)
        answer = await self._account.connection.post(f"/v1/payouts/{segment(provider_ref)}/cancel", {}, context)
        return self._judge(
            answer, lambda payout: "payout" if payout.provider_ref != provider_ref else None, on_payout_cancellation
        )

    async def find_payout(self, reference: str, provider_ref: str | None, context: CallContext) -> Sighting:
        """What became of a payout."""
        found = await look_up(
            self._account.connection,
            "/v1/payouts",
            PayoutDocument,
            reference=reference,
            provider_ref=provider_ref,
            context=context,
            absence_is_proof=self._account.absence_is_proof(GatewayOperation.CREATE_PAYOUT),
        )
        return self._judge_payout(found, lambda _: None, on_payout) if isinstance(found, PayoutDocument) else found

    def _judge(
        self,
        answer: HttpAnswer | NotSent | Unknown | Rejected,
        differs: Callable[[PayoutSnapshot], str | None],
        verdict: Callable[[PayoutSnapshot], Outcome],
    ) -> Outcome:
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.status not in {200, 201}:
            return refused(answer, self._account.codes)
        document = read(answer.body, PayoutDocument)
        if document is None:
            return Unknown(f"answered with {answer.status}, and nothing that can be read")
        return self._judge_payout(document, differs, verdict)

    def _judge_payout(
        self,
        document: PayoutDocument,
        differs: Callable[[PayoutSnapshot], str | None],
        verdict: Callable[[PayoutSnapshot], Outcome],
    ) -> Outcome:
        try:
            payout = self._account.reader.payout(document)
        except NotUnderstood as puzzle:
            return Unknown(str(puzzle))
        if different := differs(payout):
            return Conflict(f"the provider's {different} is not ours", payout.provider_ref)
        return verdict(payout)


def _not_as_asked(payout: PayoutSnapshot, command: CreatePayout) -> str | None:
    expected = (command.reference, command.currency, command.amount)
    actual = (payout.reference, payout.currency, payout.amount)
    names = ("reference", "currency", "amount")
    return next((name for name, ours, theirs in zip(names, expected, actual, strict=True) if ours != theirs), None)
