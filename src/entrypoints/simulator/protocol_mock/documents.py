"""Objects as the protocol shows them."""

from datetime import datetime
from typing import Any

import msgspec

from entrypoints.simulator.engine.declines import Decline
from entrypoints.simulator.engine.methods import Method
from entrypoints.simulator.engine.movements import Balance, Movement
from entrypoints.simulator.engine.occasions import Subject
from entrypoints.simulator.engine.payments import Payment, PaymentStatus
from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.refunds import Refund


def encode(document: Any) -> bytes:
    """A document as JSON."""
    return msgspec.json.encode(document)


def subject_document(subject: Subject, base_url: str) -> dict[str, Any]:
    """A payment, refund or payout, whichever it is."""
    match subject:
        case Payment():
            return payment_document(subject, base_url)
        case Refund():
            return refund_document(subject)
        case Payout():
            return payout_document(subject)


def payment_document(payment: Payment, base_url: str) -> dict[str, Any]:
    """A payment, with the page its payer is wanted on."""
    return {
        "object": "payment",
        "id": payment.id,
        "reference": payment.reference,
        "amount": payment.amount,
        "currency": payment.currency,
        "capture_method": payment.capture_method,
        "status": payment.status,
        "authorized": payment.authorized,
        "captured": payment.captured,
        "released": payment.released,
        "capturable": payment.capturable,
        "refunded": payment.refunded,
        "refund_pending": payment.refund_pending,
        "fee": payment.fee,
        "captures": [
            {
                "id": capture.id,
                "reference": capture.reference,
                "amount": capture.amount,
                "fee": capture.fee,
                "created_at": capture.created_at,
            }
            for capture in payment.captures
        ],
        "payment_method": _method(payment.method),
        "next_action": _next_action(payment, base_url),
        "failure": _failure(payment.failure),
        "return_url": payment.return_url,
        "description": payment.description,
        "metadata": payment.metadata,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }


def refund_document(refund: Refund) -> dict[str, Any]:
    """A refund."""
    return {
        "object": "refund",
        "id": refund.id,
        "payment": refund.payment_id,
        "reference": refund.reference,
        "amount": refund.amount,
        "currency": refund.currency,
        "status": refund.status,
        "origin": refund.origin,
        "reason": refund.reason,
        "failure": _failure(refund.failure),
        "created_at": refund.created_at,
        "updated_at": refund.updated_at,
    }


def payout_document(payout: Payout) -> dict[str, Any]:
    """A payout."""
    return {
        "object": "payout",
        "id": payout.id,
        "reference": payout.reference,
        "amount": payout.amount,
        "currency": payout.currency,
        "destination": payout.destination,
        "fee": payout.fee,
        "status": payout.status,
        "failure": _failure(payout.failure),
        "description": payout.description,
        "metadata": payout.metadata,
        "created_at": payout.created_at,
        "updated_at": payout.updated_at,
    }


def movement_document(movement: Movement) -> dict[str, Any]:
    """A line of the balance."""
    return {
        "object": "movement",
        "id": movement.id,
        "type": movement.kind,
        "source": movement.source_id,
        "payment": movement.payment_id,
        "reference": movement.reference,
        "gross": movement.gross,
        "fee": movement.fee,
        "net": movement.net,
        "currency": movement.currency,
        "payout_ref": movement.payout_id,
        "created_at": movement.created_at,
        "available_on": movement.available_on,
    }


def balance_document(balance: Balance) -> dict[str, Any]:
    """A balance in one currency."""
    return {
        "currency": balance.currency,
        "total": balance.total,
        "available": balance.available,
        "pending": balance.total - balance.available,
    }


def account_document(account_id: str, balances: list[Balance], now: datetime) -> dict[str, Any]:
    """Whose key it is, and what the merchant owns."""
    return {
        "object": "account",
        "id": account_id,
        "balances": [balance_document(balance) for balance in balances],
        "time": now,
    }


def _method(method: Method | None) -> dict[str, Any] | None:
    if method is None:
        return None
    return {"token": method.token, "kind": method.kind, "brand": method.brand, "last4": method.last4}


def _failure(failure: Decline | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "code": failure.code,
        "message": failure.message,
        "advice_code": failure.advice,
        "network_code": failure.network_code,
    }


def _next_action(payment: Payment, base_url: str) -> dict[str, Any] | None:
    if payment.status is not PaymentStatus.REQUIRES_ACTION:
        return None
    url = f"{base_url}/hosted/{payment.page_token}"
    return {"type": "redirect", "url": url, "return_url": payment.return_url}
