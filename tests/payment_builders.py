"""Payments, refunds and what a provider says of them: valid as they come, so that tests name what they are about."""

from datetime import timedelta
from typing import Any

from builders import ALICE, NOON, TENANT, TRACE_ID, fresh_id
from core.domain.gateways import (
    CaptureMode,
    PaymentSnapshot,
    ProviderPaymentStatus,
    ProviderRefundStatus,
    RefundSnapshot,
)
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, RefundId
from core.domain.payments import UNPAID_LIFETIME, Payment, PaymentStatus
from core.domain.refunds import Refund, RefundOrigin, RefundStatus

ACCOUNT = GatewayAccountId(fresh_id())


def payment(status: PaymentStatus = PaymentStatus.CREATED, **changes: Any) -> Payment:
    """Fifty dollars on their way to Alice since noon, in *status*."""
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "id": PaymentId(fresh_id()),
        "wallet_id": ALICE,
        "user_id": "alice",
        "asset": "USD",
        "amount": 5000,
        "capture": CaptureMode.AUTOMATIC,
        "gateway_account": ACCOUNT,
        "method": "pm_card_ok",
        "return_url": None,
        "reference": None,
        "description": None,
        "metadata": None,
        "operation_id": OperationId(fresh_id()),
        "trace_id": TRACE_ID,
        "created_at": NOON,
        "expires_at": NOON + UNPAID_LIFETIME,
        "updated_at": NOON,
        "status": status,
    }
    return Payment(**{**values, **changes})


def refund(status: RefundStatus = RefundStatus.CREATED, **changes: Any) -> Refund:
    """Ten dollars on their way back from Alice since noon, in *status*."""
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "id": RefundId(fresh_id()),
        "payment_id": PaymentId(fresh_id()),
        "wallet_id": ALICE,
        "gateway_account": ACCOUNT,
        "asset": "USD",
        "amount": 1000,
        "origin": RefundOrigin.API,
        "reason": None,
        "reference": None,
        "operation_id": OperationId(fresh_id()),
        "trace_id": TRACE_ID,
        "created_at": NOON,
        "updated_at": NOON,
        "status": status,
    }
    return Refund(**{**values, **changes})


def seen(status: str, *, second: int | None = 0, captured: int | None = None, **changes: Any) -> PaymentSnapshot:
    """What the provider says, that many seconds past noon; sums as the status has them, unless said."""
    of_status = ProviderPaymentStatus(status)
    authorized = 5000 if status in {"authorized", "partially_captured", "captured"} else 0
    values: dict[str, Any] = {
        "provider_ref": "pay_1",
        "reference": "key",
        "status": of_status,
        "amount": 5000,
        "currency": "USD",
        "authorized": authorized,
        "captured": (5000 if status == "captured" else 0) if captured is None else captured,
        "updated_at": None if second is None else NOON + timedelta(seconds=second),
    }
    return PaymentSnapshot(**{**values, **changes})


def refund_seen(status: str, **changes: Any) -> RefundSnapshot:
    """What the provider says of a refund."""
    values: dict[str, Any] = {
        "provider_ref": "ref_1",
        "payment_ref": "pay_1",
        "reference": "key",
        "status": ProviderRefundStatus(status),
        "amount": 1000,
        "currency": "USD",
    }
    return RefundSnapshot(**{**values, **changes})
