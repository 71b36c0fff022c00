"""The provider's documents as snapshots."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from adapters.gateways.mock.decline_codes import DeclineCodes
from adapters.gateways.mock.wire import (
    FailureDocument,
    MethodDocument,
    MovementDocument,
    NextActionDocument,
    PaymentDocument,
    PayoutDocument,
    RefundDocument,
)
from core.domain.gateways import (
    MethodSummary,
    Movement,
    MovementType,
    NextAction,
    NextActionType,
    PaymentSnapshot,
    PayoutSnapshot,
    ProviderPaymentStatus,
    ProviderPayoutStatus,
    ProviderRefundStatus,
    RefundSnapshot,
)
from core.domain.outcomes import Failure

_Status = TypeVar("_Status", bound=StrEnum)


class NotUnderstood(Exception):
    """A document says something that this adapter has no word for; what it means for money is open."""


class DocumentReader:
    """One account's reading of documents: its table of codes may differ."""

    def __init__(self, codes: DeclineCodes) -> None:
        """Read failures by *codes*."""
        self._codes = codes

    def payment(self, document: PaymentDocument) -> PaymentSnapshot:
        """
        A payment.

        Raises:
            NotUnderstood: If its status is none we know.
        """
        return PaymentSnapshot(
            provider_ref=document.id,
            reference=document.reference,
            status=_status(ProviderPaymentStatus, document.status),
            amount=document.amount,
            currency=document.currency,
            authorized=document.authorized,
            captured=document.captured,
            refunded=document.refunded,
            refund_pending=document.refund_pending,
            fee=document.fee,
            method=_method(document.payment_method),
            next_action=_next_action(document.next_action),
            failure=self._failure(document.failure),
            updated_at=document.updated_at,
        )

    def refund(self, document: RefundDocument) -> RefundSnapshot:
        """
        A refund.

        Raises:
            NotUnderstood: If its status is none we know.
        """
        return RefundSnapshot(
            provider_ref=document.id,
            payment_ref=document.payment,
            reference=document.reference,
            status=_status(ProviderRefundStatus, document.status),
            amount=document.amount,
            currency=document.currency,
            failure=self._failure(document.failure),
            updated_at=document.updated_at,
        )

    def payout(self, document: PayoutDocument) -> PayoutSnapshot:
        """
        A payout.

        Raises:
            NotUnderstood: If its status is none we know.
        """
        return PayoutSnapshot(
            provider_ref=document.id,
            reference=document.reference,
            status=_status(ProviderPayoutStatus, document.status),
            amount=document.amount,
            currency=document.currency,
            fee=document.fee,
            failure=self._failure(document.failure),
            updated_at=document.updated_at,
        )

    def _failure(self, document: FailureDocument | None) -> Failure | None:
        return None if document is None else self._codes.decline(document.code, document.message)


def movement(document: MovementDocument) -> Movement:
    """A line of the balance, whether or not its sums are right."""
    known = document.type in set(MovementType)
    return Movement(
        id=document.id,
        type=MovementType(document.type) if known else MovementType.OTHER,
        gross=document.gross,
        fee=document.fee,
        net=document.net,
        currency=document.currency,
        source_ref=document.source,
        reference=document.reference,
        created_at=document.created_at,
        available_on=document.available_on,
    )


def _status(kind: Callable[[str], _Status], name: str) -> _Status:
    try:
        return kind(name)
    except ValueError:
        raise NotUnderstood("the provider uses a status that this adapter does not know") from None


def _method(document: MethodDocument | None) -> MethodSummary | None:
    if document is None:
        return None
    return MethodSummary(kind=document.kind, brand=document.brand, last_four=document.last4)


def _next_action(document: NextActionDocument | None) -> NextAction | None:
    if document is None:
        return None
    if document.type != "redirect" or document.url is None:
        raise NotUnderstood("the provider wants the payer to do something that this adapter does not know")
    return NextAction(type=NextActionType.REDIRECT, url=document.url)
