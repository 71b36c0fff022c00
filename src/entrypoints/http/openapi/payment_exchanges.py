"""The exchanges of payments and refunds, of the accounts they go through, and of what providers tell us."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.application.gateway_events.apply_gateway_event import Application
from core.domain.accounts import Purpose
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_events import GatewayEvent, GatewayEventStatus, digest_of
from core.domain.gateways import CaptureMode, MethodSummary, NextAction, NextActionType
from core.domain.identifiers import GatewayAccountId, GatewayEventId, OperationId, PaymentId, RefundId
from core.domain.money_in_doubt import HeldMoney, MoneyInDoubt, OpenOperation
from core.domain.operations import OperationState
from core.domain.payments import SUBMIT_PAYMENT, UNPAID_LIFETIME, Payment, PaymentStatus
from core.domain.refunds import SUBMIT_REFUND, Refund, RefundOrigin, RefundStatus
from entrypoints.http.openapi.exchange import Exchange, Shown, listing, reading
from entrypoints.http.openapi.refusals import ADMINISTERING, ADMINISTERING_MONEY, ADMINISTERING_ONE, CHANGING, READING
from entrypoints.http.openapi.samples import ALICE, MOMENT, TENANT, TRACE_ID, USD
from entrypoints.http.pagination import Page, write_cursor
from entrypoints.http.positions import GatewayEventPosition, PaymentPosition
from entrypoints.http.schemas.gateway_accounts import (
    ChangeGatewayAccountRequest,
    CreateGatewayAccountRequest,
    GatewayAccountCheckResponse,
    GatewayAccountResponse,
    GatewayAccountsResponse,
)
from entrypoints.http.schemas.gateway_events import (
    GatewayEventApplicationResponse,
    GatewayEventResponse,
    GatewayEventWithBodyResponse,
    ReplayGatewayEventRequest,
)
from entrypoints.http.schemas.money_in_doubt import MoneyInDoubtResponse
from entrypoints.http.schemas.payments import (
    CapturePaymentRequest,
    ClearReviewRequest,
    CreatePaymentRequest,
    DepositRequest,
    PaymentResponse,
    PaymentWithRefundsResponse,
    RefundPaymentRequest,
    RefundResponse,
    RefundsResponse,
)

_PAYMENT = PaymentId(UUID("01936d2e-f392-744b-82dc-d5b1b2582009"))
_REFUND = RefundId(UUID("01936d2f-04a3-755c-93ed-e6c2c369300a"))
_OPERATION = OperationId(UUID("01936d2f-15b4-766d-a4fe-f7d3d47a400b"))
_ACCOUNT = GatewayAccountId(UUID("01936d2f-26c5-777e-b50f-08e4e58b500c"))
_EVENT = GatewayEventId(UUID("01936d2f-37d6-788f-8620-19f5f69c600d"))
_LATER = MOMENT + timedelta(seconds=1)
_ADMINISTERING_GATEWAYS = (*ADMINISTERING_ONE, 409, 413, 415, 422)

_created = Payment(
    tenant_id=TENANT,
    id=_PAYMENT,
    wallet_id=ALICE,
    user_id="user_alice",
    asset=USD,
    amount=5000,
    capture=CaptureMode.AUTOMATIC,
    gateway_account=_ACCOUNT,
    method="pm_card_ok",
    return_url="https://shop.example.com/paid",
    reference="deposit-17",
    description=None,
    metadata=None,
    operation_id=_OPERATION,
    trace_id=TRACE_ID,
    created_at=MOMENT,
    expires_at=MOMENT + UNPAID_LIFETIME,
    updated_at=MOMENT,
)
_captured = replace(
    _created,
    status=PaymentStatus.CAPTURED,
    provider_ref="pay_31",
    authorized=5000,
    captured=5000,
    fee=100,
    method_summary=MethodSummary(kind="card", brand="visa", last_four="4242"),
    updated_at=_LATER,
)
_awaited = replace(
    _created,
    status=PaymentStatus.REQUIRES_ACTION,
    provider_ref="pay_31",
    next_action=NextAction(type=NextActionType.REDIRECT, url="https://pay.example.com/hosted/31"),
    updated_at=_LATER,
)
_canceled = replace(_created, status=PaymentStatus.CANCELED, provider_ref="pay_31", updated_at=_LATER)
_refund = Refund(
    tenant_id=TENANT,
    id=_REFUND,
    payment_id=_PAYMENT,
    wallet_id=ALICE,
    gateway_account=_ACCOUNT,
    asset=USD,
    amount=1500,
    origin=RefundOrigin.API,
    reason="one item came back",
    reference="return-3",
    operation_id=_OPERATION,
    trace_id=TRACE_ID,
    created_at=MOMENT,
    status=RefundStatus.PENDING,
    provider_ref="ref_7",
    updated_at=_LATER,
)
_refunded = replace(_refund, status=RefundStatus.SUCCEEDED)
_account = GatewayAccount(
    tenant_id=TENANT,
    id=_ACCOUNT,
    gateway="mock",
    name="cards-eu",
    enabled=True,
    credentials_secret="mock-api-key",  # noqa: S106 - a secret's name
    webhook_secrets=("mock-webhooks",),
    settings={"base_url": "http://127.0.0.1:8090", "account": "acct_1"},
)
_event = GatewayEvent(
    tenant_id=TENANT,
    id=_EVENT,
    gateway_account=_ACCOUNT,
    event_id="evt_12",
    event_type="payment.captured",
    body=b'{"id":"evt_12","type":"payment.captured"}',
    body_digest=digest_of(b'{"id":"evt_12","type":"payment.captured"}'),
    occurred_at=MOMENT,
    received_at=_LATER,
    times_received=1,
    status=GatewayEventStatus.APPLIED,
    detail=f"operation {_OPERATION} ended",
    applied_at=_LATER,
    trace_id=TRACE_ID,
)
_application = Application(GatewayEventStatus.APPLIED, f"payment {_PAYMENT}: captured to captured")


def _open(kind: str, subject: UUID, amount: int, state: OperationState) -> OpenOperation:
    return OpenOperation(
        id=_OPERATION,
        kind=kind,
        subject=subject,
        asset=USD,
        amount=amount,
        gateway_account=_ACCOUNT,
        state=state,
        created_at=MOMENT,
        unknown_since=MOMENT if state is OperationState.UNKNOWN else None,
        next_attempt_at=MOMENT + timedelta(minutes=1),
        last_error="no answer in time" if state is OperationState.UNKNOWN else None,
    )


_doubt = MoneyInDoubt(
    as_of=MOMENT + timedelta(seconds=30),
    held=[
        HeldMoney(
            purpose=Purpose.REFUNDS_IN_TRANSIT,
            asset=USD,
            gateway_account=_ACCOUNT,
            balance=1500,
            open_amount=1500,
            open_count=1,
            operations=[_open(SUBMIT_REFUND, _REFUND, 1500, OperationState.PROVIDER_PENDING)],
        )
    ],
    coming_in=[_open(SUBMIT_PAYMENT, _PAYMENT, 5000, OperationState.UNKNOWN)],
    coming_in_count=1,
)

_ASKED = {
    201: Shown("The payer's turn, or decided: captured, authorized or failed.", PaymentResponse.of(_captured)),
    202: Shown("The provider has not decided, or nobody knows.", PaymentResponse.of(_created)),
}


def _step(done: Payment, meanwhile: Payment, request: CapturePaymentRequest | None = None) -> Exchange:
    return Exchange(
        request=request,
        answers={
            200: Shown("Done.", PaymentResponse.of(done)),
            202: Shown("The provider has not decided, or nobody knows.", PaymentResponse.of(meanwhile)),
        },
        refusals=CHANGING,
        moves_money=True,
    )


PAYMENT_EXCHANGES: dict[str, Exchange] = {
    "CreatePayment": Exchange(
        request=CreatePaymentRequest(
            wallet_id=ALICE,
            amount=5000,
            payment_method="pm_card_ok",
            return_url="https://shop.example.com/paid",
            reference="deposit-17",
        ),
        answers=_ASKED,
        refusals=CHANGING,
        moves_money=True,
    ),
    "DepositIntoWallet": Exchange(
        request=DepositRequest(amount=5000, payment_method="pm_card_3ds", return_url="https://shop.example.com/paid"),
        answers={201: Shown(_ASKED[201].description, PaymentResponse.of(_awaited)), 202: _ASKED[202]},
        refusals=CHANGING,
        moves_money=True,
    ),
    "ListPayments": listing(Page([PaymentResponse.of(_captured)], write_cursor(PaymentPosition(_PAYMENT)))),
    "GetPayment": reading("The payment.", PaymentWithRefundsResponse.with_refunds(_captured, [])),
    "ConfirmPayment": Exchange(
        answers={
            200: Shown("As the provider has it.", PaymentResponse.of(_captured)),
            202: Shown("The provider has not decided.", PaymentResponse.of(_created)),
        },
        refusals=READING,
    ),
    "CapturePayment": _step(
        _captured,
        replace(_captured, status=PaymentStatus.AUTHORIZED, captured=0, fee=0),
        CapturePaymentRequest(amount=5000),
    ),
    "ClearPaymentReview": Exchange(
        request=ClearReviewRequest(note="refunded by hand in the provider's dashboard, ticket 4711"),
        answers={200: Shown("The payment, no longer under review.", PaymentResponse.of(_captured))},
        refusals=ADMINISTERING_MONEY,
        moves_money=True,
    ),
    "CancelPayment": _step(_canceled, _awaited),
    "RefundPayment": Exchange(
        request=RefundPaymentRequest(amount=1500, reason="one item came back", reference="return-3"),
        answers={
            201: Shown("It has ended, however it did.", RefundResponse.of(_refunded)),
            202: Shown("It is on its way, or nobody knows.", RefundResponse.of(_refund)),
        },
        refusals=CHANGING,
        moves_money=True,
    ),
    "ListRefunds": reading("The refunds.", RefundsResponse([RefundResponse.of(_refunded)])),
    "GetRefund": reading("The refund.", RefundResponse.of(_refunded)),
    "CreateGatewayAccount": Exchange(
        request=CreateGatewayAccountRequest(
            gateway="mock",
            name="cards-eu",
            credentials_secret="mock-api-key",  # noqa: S106 - a secret's name
            webhook_secrets=["mock-webhooks"],
            settings={"base_url": "http://127.0.0.1:8090", "account": "acct_1"},
        ),
        answers={201: Shown("Connected.", GatewayAccountResponse.of(_account))},
        refusals=(400, 401, 403, 409, 413, 415, 422, 500, 503),
    ),
    "ListGatewayAccounts": Exchange(
        answers={200: Shown("All of them.", GatewayAccountsResponse([GatewayAccountResponse.of(_account)]))},
        refusals=ADMINISTERING,
    ),
    "GetGatewayAccount": Exchange(
        answers={200: Shown("The account.", GatewayAccountResponse.of(_account))}, refusals=ADMINISTERING_ONE
    ),
    "ChangeGatewayAccount": Exchange(
        request=ChangeGatewayAccountRequest(webhook_secrets=["mock-webhooks", "mock-webhooks-new"]),
        answers={
            200: Shown(
                "As it is now.",
                GatewayAccountResponse.of(replace(_account, webhook_secrets=("mock-webhooks", "mock-webhooks-new"))),
            )
        },
        refusals=_ADMINISTERING_GATEWAYS,
    ),
    "CheckGatewayAccount": Exchange(
        answers={200: Shown("What the provider says.", GatewayAccountCheckResponse(usable=True, problem=None))},
        refusals=(*ADMINISTERING_ONE, 422),
    ),
    "ListGatewayEvents": Exchange(
        answers={
            200: Shown("One page.", Page([GatewayEventResponse.of(_event)], write_cursor(GatewayEventPosition(_EVENT))))
        },
        refusals=ADMINISTERING,
    ),
    "GetGatewayEvent": Exchange(
        answers={200: Shown("The event and its body.", GatewayEventWithBodyResponse.of(_event))},
        refusals=ADMINISTERING_ONE,
    ),
    "ReplayGatewayEvent": Exchange(
        request=ReplayGatewayEventRequest(dry_run=True),
        answers={200: Shown("What it would come to.", GatewayEventApplicationResponse.of(_application, dry_run=True))},
        refusals=(*ADMINISTERING_ONE, 413, 415),
    ),
    "ReadMoneyInDoubt": Exchange(
        answers={200: Shown("All of it.", MoneyInDoubtResponse.of(_doubt))}, refusals=ADMINISTERING
    ),
    "ReceiveProviderWebhook": Exchange(
        answers={202: Shown("Stored; it is applied after the answer.", None)}, refusals=(400, 404, 413, 500, 503)
    ),
}
