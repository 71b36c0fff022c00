"""
Payments: money that comes in through a provider (design: gateways, section 4).

Amounts are cumulative facts that only grow; what the provider says is merged into them, whichever way and in whatever
order it is heard. What contradicts them is shown to a person and overwrites nothing.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.errors import Conflict, NotFound, Rejected
from core.domain.gateways import CaptureMode, MethodSummary, NextAction, PaymentSnapshot, ProviderPaymentStatus
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, TenantId, WalletId
from core.domain.outcomes import Failure

SUBMIT_PAYMENT = "payment.submit"
CAPTURE_PAYMENT = "payment.capture"
CANCEL_PAYMENT = "payment.cancel"
"""Kinds of operations. Permanent."""

UNPAID_LIFETIME = timedelta(hours=24)
"""How long a payer may take; then the payment is canceled at the provider and expires."""

EXPIRE_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
"""Pauses before a payment that could not be canceled in time is tried again; the last one repeats, and is flagged."""

QUIET_BEFORE_LOOK_UP = timedelta(hours=1)
QUIET_BEFORE_LOOK_UP_WHEN_AUTHORIZED = timedelta(hours=6)
"""
After how long without news a payment is looked up for which nothing is under way: its webhook may be lost.

What is authorized waits for us, for days at times; only its end at the provider is missed.
"""


class PaymentStatus(StrEnum):
    """Permanent names. Refunds and disputes are no statuses: they are amounts beside it."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    CLOSED = "closed"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


_S = PaymentStatus
PAYMENT_TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: frozenset(
        {_S.REQUIRES_ACTION, _S.PROCESSING, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELED, _S.EXPIRED}
    ),
    _S.REQUIRES_ACTION: frozenset({_S.PROCESSING, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELED, _S.EXPIRED}),
    _S.PROCESSING: frozenset({_S.REQUIRES_ACTION, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED}),
    _S.AUTHORIZED: frozenset({_S.PARTIALLY_CAPTURED, _S.CAPTURED, _S.CANCELED, _S.EXPIRED}),
    _S.PARTIALLY_CAPTURED: frozenset({_S.PARTIALLY_CAPTURED, _S.CAPTURED, _S.CLOSED}),
    _S.FAILED: frozenset({_S.CAPTURED}),
    _S.CAPTURED: frozenset(),
    _S.CLOSED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""Every legal move; the table's trigger states the same. Failed to captured: a late success, which providers do."""

UNPAID = frozenset({_S.CREATED, _S.REQUIRES_ACTION})
"""Where the payer has not acted."""

_RANK = {_S.CREATED: 0, _S.REQUIRES_ACTION: 1, _S.PROCESSING: 1, _S.AUTHORIZED: 2, _S.PARTIALLY_CAPTURED: 3}
_ENDED_RANK = 4
ENDED = frozenset({_S.CAPTURED, _S.CLOSED, _S.FAILED, _S.CANCELED, _S.EXPIRED})


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "payment_not_found"
    title = "There is no such payment"


class InvalidPaymentMove(Conflict):
    """A payment goes only where its status allows."""

    code = "invalid_payment_move"
    title = "The payment's status does not allow this"


class PaymentNotCapturable(Conflict):
    """Only what is authorized can be captured."""

    code = "payment_not_capturable"
    title = "The payment cannot be captured now"


class CaptureExceedsAuthorization(Rejected):
    """More than is still authorized."""

    code = "capture_exceeds_authorization"
    title = "The capture is larger than what is authorized"


class PaymentNotCancelable(Conflict):
    """What was captured is refunded, and what has ended stays."""

    code = "payment_not_cancelable"
    title = "The payment cannot be canceled now"


class RefundExceedsCapture(Rejected):
    """All refunds together never exceed what was captured."""

    code = "refund_exceeds_capture"
    title = "The refund is larger than what is left of the capture"


class PaymentNotUnderReview(Conflict):
    """Only what a person has to look at is taken off that list; another one may have been first."""

    code = "payment_not_under_review"
    title = "The payment is not under review"


class ProviderRefused(Rejected):
    """The provider was asked, and said no for good: `failure_code` and `next_step` say why and what can be done."""

    code = "provider_refused"
    title = "The provider refused"


class PaymentsUnsettled(Conflict):
    """A wallet closes only when its payments and refunds are at their end."""

    code = "payments_unsettled"
    title = "Payments of the wallet are not settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """
    Money on its way into a wallet; amounts in minor units of *asset*, cumulative.

    Attributes:
        method: The provider's token for the means of payment, or None for a page of the provider's own.
        operation_id: What submitted it.
        fee: What the provider has kept so far.
        review: Why a person has to look at it; None while nobody has to.
        provider_updated_at: The provider's moment of the newest news.
        expires_at: Until when the payer may act.
    """

    tenant_id: TenantId
    id: PaymentId
    wallet_id: WalletId
    user_id: str
    asset: str
    amount: int
    capture: CaptureMode
    gateway_account: GatewayAccountId
    method: str | None
    return_url: str | None
    reference: str | None
    description: str | None
    metadata: str | None
    operation_id: OperationId
    trace_id: str
    created_at: datetime
    expires_at: datetime
    status: PaymentStatus = PaymentStatus.CREATED
    provider_ref: str | None = None
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    refund_pending: int = 0
    fee: int = 0
    next_action: NextAction | None = None
    method_summary: MethodSummary | None = None
    failure: Failure | None = None
    review: str | None = None
    provider_updated_at: datetime | None = None
    updated_at: datetime

    @property
    def capturable(self) -> int:
        """What is authorized and not captured yet."""
        if self.status not in {PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED}:
            return 0
        return self.authorized - self.captured

    @property
    def refundable(self) -> int:
        """What may still be given back."""
        return self.captured - self.refunded - self.refund_pending

    def is_about_this(self, seen: PaymentSnapshot) -> bool:
        """Whether the snapshot fits what was asked for; one that does not is for a person."""
        known = (self.amount, self.asset, self.provider_ref or seen.provider_ref)
        return known == (seen.amount, seen.currency, seen.provider_ref)

    def knows_newer_than(self, seen: PaymentSnapshot) -> bool:
        """Whether later news came before these; the provider's moments decide, where it tells them."""
        if seen.updated_at is None or self.provider_updated_at is None:
            return False
        return seen.updated_at < self.provider_updated_at

    def move(self, status: PaymentStatus, *, now: datetime) -> "Payment":
        """
        The payment in *status*.

        Raises:
            InvalidPaymentMove: If the table of transitions does not have it.
        """
        if status not in PAYMENT_TRANSITIONS[self.status]:
            raise InvalidPaymentMove(f"a payment that is {self.status} cannot become {status}")
        return replace(self, status=status, updated_at=now)

    def check_capture(self, amount: int) -> None:
        """
        Let a capture of *amount* minor units pass.

        Raises:
            PaymentNotCapturable: Unless something is authorized.
            CaptureExceedsAuthorization: If it is more than what is left.
        """
        if self.capturable == 0:
            raise PaymentNotCapturable(f"the payment is {self.status}", status=self.status.value)
        if amount > self.capturable:
            raise CaptureExceedsAuthorization(
                f"{self.capturable} minor units are left to capture", pointer="#/amount", capturable=self.capturable
            )

    def check_cancel(self) -> None:
        """
        Let a cancellation pass.

        Raises:
            PaymentNotCancelable: Once anything was captured, or it has ended.
        """
        if self.status in ENDED or self.captured:
            raise PaymentNotCancelable(f"the payment is {self.status}", status=self.status.value)

    def begin_refund(self, amount: int, *, now: datetime) -> "Payment":
        """
        With *amount* more minor units on their way back.

        Raises:
            RefundExceedsCapture: If all refunds together would exceed what was captured.
        """
        if amount > self.refundable:
            raise RefundExceedsCapture(
                f"{self.refundable} minor units are left to refund", pointer="#/amount", refundable=self.refundable
            )
        return replace(self, refund_pending=self.refund_pending + amount, updated_at=now)

    def end_refund(self, amount: int, *, succeeded: bool, now: datetime) -> "Payment":
        """With *amount* no longer on its way back: it arrived, or it stays."""
        refunded = self.refunded + (amount if succeeded else 0)
        return replace(self, refund_pending=self.refund_pending - amount, refunded=refunded, updated_at=now)

    def undo_refund(self, amount: int, *, now: datetime) -> "Payment":
        """With *amount* of a refund that failed after its success."""
        return replace(self, refunded=self.refunded - amount, updated_at=now)

    def flag(self, why: str, *, now: datetime) -> "Payment":
        """For a person to look at; the first reason stays."""
        return self if self.review is not None else replace(self, review=why, updated_at=now)

    def clear_review(self, *, now: datetime) -> "Payment":
        """
        Looked at by a person; further contradictions flag it again.

        Raises:
            PaymentNotUnderReview: If there was nothing to look at.
        """
        if self.review is None:
            raise PaymentNotUnderReview("nobody has to look at this payment")
        return replace(self, review=None, updated_at=now)


@dataclass(frozen=True, slots=True)
class OverduePayment:
    """A payment whose payer ran out of time; *tries* counts how often it was let go of, this time included."""

    id: PaymentId
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What one capture asks for; *captured_before* tells its doing from that of the ones before it."""

    tenant_id: TenantId
    operation_id: OperationId
    payment_id: PaymentId
    amount: int
    final: bool
    captured_before: int


def observe_payment(payment: Payment, seen: PaymentSnapshot, *, now: datetime) -> Payment:
    """
    The payment with what the provider says merged in: amounts by maximum, the status if it leads on.

    Old news change nothing. What contradicts what we know (another amount or currency, a capture after a cancellation)
    flags the payment for a person and overwrites nothing.
    """
    if seen.currency != payment.asset or seen.amount != payment.amount:
        return payment.flag(f"the provider has {seen.amount} {seen.currency}", now=now)
    if payment.provider_ref is not None and seen.provider_ref != payment.provider_ref:
        return payment.flag(f"the provider has another payment for it: {seen.provider_ref}", now=now)
    if (contradiction := _contradiction(payment, seen)) is not None:
        return payment.flag(contradiction, now=now)
    is_newest = not payment.knows_newer_than(seen)
    target = _status_of(payment, seen)
    merged = replace(
        payment,
        provider_ref=seen.provider_ref,
        authorized=max(payment.authorized, seen.authorized),
        captured=max(payment.captured, seen.captured),
        fee=max(payment.fee, seen.fee or 0),
        method_summary=(seen.method if is_newest else None) or payment.method_summary or seen.method,
        provider_updated_at=seen.updated_at if is_newest else payment.provider_updated_at,
        updated_at=now,
    )
    if target is payment.status or {target, payment.status} <= _GONE:
        return _with_details(merged, seen) if is_newest else merged
    if _leads_to(payment.status, target) and (is_newest or _rank(target) > _rank(payment.status)):
        return _with_details(replace(merged, status=target), seen)
    has_more = seen.authorized > payment.authorized or seen.captured > payment.captured
    if not is_newest or (_rank(target) < _rank(payment.status) and not (payment.status in _WITHOUT_MONEY and has_more)):
        return merged
    return payment.flag(f"the provider says {target} of a payment that is {payment.status}", now=now)


def contradicts(payment: Payment, seen: PaymentSnapshot, *, now: datetime) -> bool:
    """Whether the news are for a person to look at: they end nothing that is under way either."""
    return observe_payment(replace(payment, review=None), seen, now=now).review is not None


def _contradiction(payment: Payment, seen: PaymentSnapshot) -> str | None:
    """What in the news cannot be together, whatever we know."""
    if seen.captured > payment.amount:
        return f"the provider captured {seen.captured}"
    if seen.authorized > payment.amount:
        return f"the provider authorized {seen.authorized}"
    if seen.captured == 0 and seen.status in _PAID_THERE:
        return f"the provider says {seen.status} of a payment of which nothing is captured"
    return None


def _with_details(payment: Payment, seen: PaymentSnapshot) -> Payment:
    ended = payment.status in ENDED
    failed = payment.status in _WITHOUT_MONEY
    return replace(
        payment,
        next_action=seen.next_action if payment.status is PaymentStatus.REQUIRES_ACTION else None,
        failure=(seen.failure or payment.failure) if failed else None if ended else payment.failure,
    )


_WITHOUT_MONEY = frozenset({_S.FAILED, _S.CANCELED, _S.EXPIRED})
_GONE = frozenset({_S.CANCELED, _S.EXPIRED})
"""One end with two names: who let go of it, the provider seldom says as we do."""
_PAID_THERE = frozenset({ProviderPaymentStatus.CAPTURED, ProviderPaymentStatus.PARTIALLY_CAPTURED})
_SAME_NAME = {status.value: PaymentStatus(status.value) for status in ProviderPaymentStatus}


def _status_of(payment: Payment, seen: PaymentSnapshot) -> PaymentStatus:
    """A partly captured payment whose rest the provider let go of is closed."""
    target = _SAME_NAME[seen.status.value]
    if target in {PaymentStatus.CANCELED, PaymentStatus.EXPIRED} and max(seen.captured, payment.captured) > 0:
        return PaymentStatus.CLOSED
    return target


def _rank(status: PaymentStatus) -> int:
    return _RANK.get(status, _ENDED_RANK)


def _leads_to(start: PaymentStatus, goal: PaymentStatus) -> bool:
    """Whether legal moves lead there, also over steps whose news were lost."""
    seen, waiting = {start}, deque([start])
    while waiting:
        for following in PAYMENT_TRANSITIONS[waiting.popleft()]:
            if following is goal:
                return True
            if following not in seen and following is not PaymentStatus.FAILED:
                seen.add(following)
                waiting.append(following)
    return False
