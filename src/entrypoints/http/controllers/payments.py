"""Payments: money from a payer into a wallet, through a provider; and back."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from core.application.payments.confirm_payment import ConfirmPaymentHandler
from core.application.payments.create_payment import CreatePaymentHandler
from core.application.payments.read_payments import ReadPaymentsHandler
from core.application.payments.request_cancellation import RequestCancellation, RequestCancellationHandler
from core.application.payments.request_capture import RequestCapture, RequestCaptureHandler
from core.domain.identifiers import PaymentId, WalletId
from core.domain.payments import PaymentStatus
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.idempotency import claim_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import (
    Cursor,
    Limit,
    PaymentInPath,
    ReferenceFilter,
    WalletFilter,
    WalletInPath,
    read_parameter,
)
from entrypoints.http.payment_commands import payment_command
from entrypoints.http.payment_rendering import UNDECIDED, rule_refusal, step_rendering
from entrypoints.http.positions import PaymentPosition
from entrypoints.http.problems import invalid_parameter
from entrypoints.http.schemas.payments import (
    CapturePaymentRequest,
    CreatePaymentRequest,
    DepositRequest,
    PaymentResponse,
    PaymentWithRefundsResponse,
)
from entrypoints.http.stored_response import StoredResponse
from ports.payment_repository import PaymentFilter

StatusFilter = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"enum": [status.value for status in PaymentStatus]},
        description="Only payments of this status.",
    ),
]
ReviewFilter = Annotated[
    str | None,
    QueryParameter(
        required=False,
        schema_extra={"enum": ["true", "false"]},
        description="`true`: only payments that a person has to look at.",
    ),
]


class PaymentController(Controller):
    """Money that comes in."""

    path = "/payments"
    tags = ["Payments"]

    @post(operation_id="CreatePayment", summary="Take a payment")
    async def create(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[CreatePaymentRequest],
        create_payment: NamedDependency[CreatePaymentHandler],
    ) -> Response[PaymentResponse]:
        """
        Ask the provider for the money. 201 with the payment: captured, authorized, declined (`failed`, with the
        reason), or `requires_action`, with what the payer has to do. 202 while the provider has not decided or nobody
        knows: read it again, or wait for its event.
        """
        wallet_id = None if data.wallet_id is None else WalletId(data.wallet_id)
        command = await payment_command(request, data, wallet_id=wallet_id, user_id=data.user_id, asset=data.asset)
        return StoredResponse(await create_payment(command))

    @get(operation_id="ListPayments", summary="List payments")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        read_payments: NamedDependency[ReadPaymentsHandler],
        wallet_id: WalletFilter = None,
        status: StatusFilter = None,
        reference: ReferenceFilter = None,
        under_review: ReviewFilter = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[PaymentResponse]:
        """All payments, or those that the filters leave, newest first."""
        before = read_cursor(cursor, PaymentPosition)
        of_wallet = read_parameter(wallet_id, UUID, "wallet_id")
        if under_review not in {None, "true", "false"}:
            raise invalid_parameter("under_review", "Expected `true` or `false`")
        wanted = PaymentFilter(
            wallet_id=None if of_wallet is None else WalletId(of_wallet),
            status=read_parameter(status, PaymentStatus, "status"),
            reference=reference,
            under_review=under_review == "true",
        )
        payments = await read_payments.page(
            principal_of(request).tenant_id,
            wanted,
            before=None if before is None else PaymentId(before.id),
            limit=limit + 1,
        )
        return one_page(payments, limit, PaymentResponse.of, lambda payment: PaymentPosition(payment.id))

    @get("/{payment_id:str}", operation_id="GetPayment", summary="Read a payment")
    async def read(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        read_payments: NamedDependency[ReadPaymentsHandler],
    ) -> PaymentWithRefundsResponse:
        """The payment as it stands, with its refunds."""
        found = await read_payments.get(principal_of(request).tenant_id, PaymentId(payment_id))
        return PaymentWithRefundsResponse.with_refunds(*found)

    @post(
        "/{payment_id:str}/confirm",
        operation_id="ConfirmPayment",
        summary="Go on after the payer acted",
        status_code=200,
    )
    async def confirm(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        confirm_payment: NamedDependency[ConfirmPaymentHandler],
    ) -> Response[PaymentResponse]:
        """
        Call it when the payer's browser is back at your return URL, whatever that says: the provider is asked, and only
        its word counts. Needs no idempotency key; 202 while the provider has not decided.
        """
        payment = await confirm_payment(principal_of(request).tenant_id, PaymentId(payment_id))
        status = 202 if payment.status in UNDECIDED else 200
        return Response(PaymentResponse.of(payment), status_code=status)

    @post("/{payment_id:str}/capture", operation_id="CapturePayment", summary="Capture a payment", status_code=200)
    async def capture(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        data: JSONBody[CapturePaymentRequest],
        request_capture: NamedDependency[RequestCaptureHandler],
    ) -> Response[PaymentResponse]:
        """
        Take what is authorized, or a part of it; what was captured is in the wallet. 422 `provider_refused`, with
        `failure_code` and `next_step`, when the provider says no; 202 while nobody knows.
        """
        claim = await claim_of(request)
        context = context_of(request)
        command = RequestCapture(
            tenant_id=claim.tenant_id,
            payment_id=PaymentId(payment_id),
            claim=claim,
            trace_id=context.trace_id,
            render=step_rendering(context.request_id),
            refuse=rule_refusal(context.request_id),
            amount=data.amount,
            final=data.final,
        )
        return StoredResponse(await request_capture(command))

    @post("/{payment_id:str}/cancel", operation_id="CancelPayment", summary="Cancel a payment", status_code=200)
    async def cancel(
        self,
        request: Request[Any, Any, Any],
        *,
        payment_id: PaymentInPath,
        request_cancellation: NamedDependency[RequestCancellationHandler],
    ) -> Response[PaymentResponse]:
        """
        Let go of what was not captured; should the payer pay at this very moment, the provider decides. 422
        `provider_refused` when it says no; 202 while nobody knows.
        """
        claim = await claim_of(request)
        context = context_of(request)
        command = RequestCancellation(
            tenant_id=claim.tenant_id,
            payment_id=PaymentId(payment_id),
            claim=claim,
            trace_id=context.trace_id,
            render=step_rendering(context.request_id),
            refuse=rule_refusal(context.request_id),
        )
        return StoredResponse(await request_cancellation(command))


class DepositController(Controller):
    """The same, by the wallet."""

    path = "/wallets"
    tags = ["Payments"]

    @post("/{wallet_id:str}/deposit", operation_id="DepositIntoWallet", summary="Take a payment into a wallet")
    async def deposit(
        self,
        request: Request[Any, Any, Any],
        *,
        wallet_id: WalletInPath,
        data: JSONBody[DepositRequest],
        create_payment: NamedDependency[CreatePaymentHandler],
    ) -> Response[PaymentResponse]:
        """Answers as taking a payment does."""
        command = await payment_command(request, data, wallet_id=WalletId(wallet_id))
        return StoredResponse(await create_payment(command))
