"""What every route needs: whose request it is, the engine, and the way to show its objects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response

from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.payments import PaymentStatus
from entrypoints.simulator.engine.provider import Provider
from entrypoints.simulator.engine.refusals import InvalidRequest
from entrypoints.simulator.exchange.answer import JSON
from entrypoints.simulator.exchange.middleware import ACCOUNT
from entrypoints.simulator.protocol_mock.bodies import read
from entrypoints.simulator.protocol_mock.documents import (
    encode,
    payment_document,
    payout_document,
    refund_document,
)
from entrypoints.simulator.simulator import Simulator

_Body = TypeVar("_Body", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at the counter."""

    simulator: Simulator
    account: MerchantAccount
    now: datetime

    @property
    def provider(self) -> Provider:
        """The engine."""
        return self.simulator.provider

    def settle(self) -> None:
        """Do what is due already: delays of 0 s are over before the answer."""
        self.provider.run_due(self.now)

    def show_payment(self, payment_id: str, status: int = 200) -> Response[bytes]:
        """The payment as it is."""
        payment = self.provider.books.payment(payment_id, self.account.id)
        return respond(payment_document(payment, self.simulator.base_url), status)

    def show_attempt(self, payment_id: str, status: int) -> Response[bytes]:
        """The payment that somebody wanted paid: with an error around it and 402, if it was declined."""
        payment = self.provider.books.payment(payment_id, self.account.id)
        if payment.status is not PaymentStatus.FAILED:
            return self.show_payment(payment_id, status)
        document = payment_document(payment, self.simulator.base_url)
        return respond({"error": {"type": "declined", **document["failure"]}, "payment": document}, 402)

    def show_refund(self, refund_id: str, status: int = 200) -> Response[bytes]:
        """The refund as it is."""
        return respond(refund_document(self.provider.books.refund(refund_id, self.account.id)), status)

    def show_payout(self, payout_id: str, status: int = 200) -> Response[bytes]:
        """The payout as it is."""
        return respond(payout_document(self.provider.books.payout(payout_id, self.account.id)), status)


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """The desk for a request that came through the exchange."""
    simulator: Simulator = request.app.state.simulator
    account = simulator.books.account(request.scope["state"][ACCOUNT])
    return Desk(simulator, account, simulator.clock.now())


async def read_body(request: Request[Any, Any, Any], kind: type[_Body]) -> _Body:
    """
    The body as *kind*.

    Raises:
        InvalidRequest: If it is no JSON, or of another shape.
    """
    return read(await request.body(), kind)


def respond(document: Any, status: int = 200) -> Response[bytes]:
    """A document as a response."""
    return Response(encode(document), status_code=status, media_type=JSON)


def reference_of(request: Request[Any, Any, Any]) -> str:
    """
    The query's ``reference``.

    Raises:
        InvalidRequest: If there is none.
    """
    reference = request.query_params.get("reference")
    if not reference:
        raise InvalidRequest("reference_required", "Name the reference to look for.")
    return str(reference)
