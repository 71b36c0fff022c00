"""Refunds: captured money back to the payer."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.refunds.create_refund import CreateRefund, CreateRefundHandler
from core.application.refunds.read_refunds import ReadRefundsHandler
from core.domain.identifiers import PaymentId, RefundId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import claim_of
from entrypoints.http.parameters import PaymentInPath, RefundInPath
from entrypoints.http.payment_rendering import render_refund, rule_refusal
from entrypoints.http.schemas.payments import RefundPaymentRequest, RefundResponse, RefundsResponse
from entrypoints.http.stored_response import StoredResponse


class RefundController(Controller):
    """Money that goes back."""

    tags = ["Payments"]

    @post("/payments/{payment_id:str}/refunds", operation_id="RefundPayment", summary="Refund a payment")
    async def create(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        data: JSONBody[RefundPaymentRequest],
        create_refund: NamedDependency[CreateRefundHandler],
    ) -> Response[RefundResponse]:
        """
        The money leaves the wallet first, and comes back should the refund fail, even after its success. 201 when it
        has ended, 202 while it is on its way or nobody knows. All refunds together never exceed what was captured.
        """
        claim = await claim_of(request)
        context = context_of(request)
        command = CreateRefund(
            tenant_id=claim.tenant_id,
            claim=claim,
            trace_id=context.trace_id,
            payment_id=PaymentId(payment_id),
            amount=data.amount,
            reason=data.reason,
            details=data.details(),
            render=render_refund,
            refuse=rule_refusal(context.request_id),
        )
        return StoredResponse(await create_refund(command))

    @get("/payments/{payment_id:str}/refunds", operation_id="ListRefunds", summary="List a payment's refunds")
    async def of_payment(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        read_refunds: NamedDependency[ReadRefundsHandler],
    ) -> RefundsResponse:
        """All of them, oldest first; those that somebody made on the provider's own pages too."""
        found = await read_refunds.of_payment(principal_of(request).tenant_id, PaymentId(payment_id))
        return RefundsResponse([RefundResponse.of(refund) for refund in found])

    @get("/refunds/{refund_id:str}", operation_id="GetRefund", summary="Read a refund")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        refund_id: RefundInPath,
        read_refunds: NamedDependency[ReadRefundsHandler],
    ) -> RefundResponse:
        """The refund as it stands."""
        return RefundResponse.of(await read_refunds.get(principal_of(request).tenant_id, RefundId(refund_id)))
