"""Payments and their refunds over HTTP."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.refunds import Refund
from entrypoints.simulator.protocol_mock.bodies import (
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    CreateRefund,
    Nothing,
)
from entrypoints.simulator.protocol_mock.desk import desk_of, read_body, reference_of, respond
from entrypoints.simulator.protocol_mock.documents import subject_document

_Request = Request[Any, Any, Any]


class PaymentController(Controller):
    """Money from payers."""

    path = "/v1/payments"

    @post("/")
    async def create(self, request: _Request) -> Response[bytes]:
        """Make a payment; 402 if it is declined at once."""
        desk, body = desk_of(request), await read_body(request, CreatePayment)
        payment_id = desk.provider.payments.create(desk.account, body.to_request(), at=desk.now)
        desk.settle()
        return desk.show_attempt(payment_id, 201)

    @get("/")
    async def find(self, request: _Request) -> Response[bytes]:
        """All payments with a reference; none means that there are none."""
        desk = desk_of(request)
        found = desk.provider.books.with_reference(Payment, desk.account.id, reference_of(request))
        return respond({"data": [subject_document(each, desk.simulator.base_url) for each in found]})

    @get("/{payment_id:str}")
    async def read(self, request: _Request, payment_id: FromPath[str]) -> Response[bytes]:
        """One payment."""
        return desk_of(request).show_payment(payment_id)

    @post("/{payment_id:str}/confirm")
    async def confirm(self, request: _Request, payment_id: FromPath[str]) -> Response[bytes]:
        """Go ahead; 402 if it is declined at once."""
        desk, body = desk_of(request), await read_body(request, ConfirmPayment)
        payment = desk.provider.books.payment(payment_id, desk.account.id)
        desk.provider.payments.confirm(payment, method=body.payment_method, return_url=body.return_url, at=desk.now)
        desk.settle()
        return desk.show_attempt(payment_id, 200)

    @post("/{payment_id:str}/capture")
    async def capture(self, request: _Request, payment_id: FromPath[str]) -> Response[bytes]:
        """Take all that is left, or a part."""
        desk, body = desk_of(request), await read_body(request, CapturePayment)
        payment = desk.provider.books.payment(payment_id, desk.account.id)
        desk.provider.payments.capture(
            payment, amount=body.amount, final=body.final, reference=body.reference, at=desk.now
        )
        return desk.show_payment(payment_id)

    @post("/{payment_id:str}/cancel")
    async def cancel(self, request: _Request, payment_id: FromPath[str]) -> Response[bytes]:
        """Give up what is not captured."""
        desk = desk_of(request)
        await read_body(request, Nothing)
        desk.provider.payments.cancel(desk.provider.books.payment(payment_id, desk.account.id), at=desk.now)
        return desk.show_payment(payment_id)

    @post("/{payment_id:str}/refunds")
    async def refund(self, request: _Request, payment_id: FromPath[str]) -> Response[bytes]:
        """Give back all that is left, or a part."""
        desk, body = desk_of(request), await read_body(request, CreateRefund)
        payment = desk.provider.books.payment(payment_id, desk.account.id)
        refund_id = desk.provider.refunds.create(
            payment, amount=body.amount, reference=body.reference, reason=body.reason, at=desk.now
        )
        desk.settle()
        return desk.show_refund(refund_id, 201)


class RefundController(Controller):
    """Money on its way back."""

    path = "/v1/refunds"

    @get("/")
    async def find(self, request: _Request) -> Response[bytes]:
        """All refunds with a reference; none means that there are none."""
        desk = desk_of(request)
        found = desk.provider.books.with_reference(Refund, desk.account.id, reference_of(request))
        return respond({"data": [subject_document(each, desk.simulator.base_url) for each in found]})

    @get("/{refund_id:str}")
    async def read(self, request: _Request, refund_id: FromPath[str]) -> Response[bytes]:
        """One refund."""
        return desk_of(request).show_refund(refund_id)
