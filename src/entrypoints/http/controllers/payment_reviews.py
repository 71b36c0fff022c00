"""Payments that a person has to look at, and the word of the one who did."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.payments.clear_review import ClearReview, ClearReviewHandler
from core.domain.identifiers import PaymentId
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import claim_of
from entrypoints.http.parameters import PaymentInPath
from entrypoints.http.payment_rendering import render_cleared
from entrypoints.http.schemas.payments import ClearReviewRequest, PaymentResponse
from entrypoints.http.stored_response import StoredResponse


class PaymentReviewController(Controller):
    """The operator's own tenant."""

    path = "/payments"
    tags = ["Administration"]

    @post(
        "/{payment_id:str}/clear-review",
        operation_id="ClearPaymentReview",
        summary="Clear a payment's review",
        status_code=200,
    )
    async def clear(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        data: JSONBody[ClearReviewRequest],
        clear_review: NamedDependency[ClearReviewHandler],
    ) -> Response[PaymentResponse]:
        """
        Say that you have looked at it, and what you found. No money moves; the history of the payment's operation keeps
        which key said so, the note, and why it was under review. News that contradict again flag it again.
        """
        principal = principal_of(request)
        command = ClearReview(
            tenant_id=principal.tenant_id,
            payment_id=PaymentId(payment_id),
            note=data.note,
            cleared_by=principal.key_id,
            claim=await claim_of(request),
            trace_id=context_of(request).trace_id,
            render=render_cleared,
        )
        return StoredResponse(await clear_review(command))
