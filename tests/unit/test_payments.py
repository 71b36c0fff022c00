"""A payment: its moves, its sums, and what it makes of what the provider says."""

from datetime import timedelta
from itertools import product

import pytest

from builders import NOON
from core.domain.gateways import MethodSummary, NextAction, NextActionType
from core.domain.payment_events import payment_events
from core.domain.payments import (
    PAYMENT_TRANSITIONS,
    CaptureExceedsAuthorization,
    InvalidPaymentMove,
    PaymentNotCancelable,
    PaymentNotCapturable,
    PaymentStatus,
    RefundExceedsCapture,
    observe_payment,
)
from operation_builders import NO
from payment_builders import payment, seen

LATER = NOON + timedelta(minutes=1)
S = PaymentStatus


@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_only_the_legal_moves_are_made(source: PaymentStatus, target: PaymentStatus) -> None:
    if target in PAYMENT_TRANSITIONS[source]:
        assert payment(source).move(target, now=LATER).status is target
    else:
        with pytest.raises(InvalidPaymentMove):
            payment(source).move(target, now=LATER)


@pytest.mark.parametrize("status", S)
def test_only_what_is_authorized_is_captured_and_no_more(status: PaymentStatus) -> None:
    it = payment(status, authorized=5000, captured=1000)
    if status not in {S.AUTHORIZED, S.PARTIALLY_CAPTURED}:
        with pytest.raises(PaymentNotCapturable):
            it.check_capture(1)
        return
    assert it.capturable == 4000
    it.check_capture(4000)
    with pytest.raises(CaptureExceedsAuthorization) as refused:
        it.check_capture(4001)
    assert refused.value.facts == {"capturable": 4000}


@pytest.mark.parametrize("status", S)
def test_only_what_is_neither_captured_nor_over_is_canceled(status: PaymentStatus) -> None:
    if status in {S.CREATED, S.REQUIRES_ACTION, S.PROCESSING, S.AUTHORIZED}:
        payment(status).check_cancel()
    else:
        with pytest.raises(PaymentNotCancelable):
            payment(status, captured=1).check_cancel()


def test_all_refunds_together_never_exceed_the_capture() -> None:
    it = payment(S.CAPTURED, captured=5000).begin_refund(3000, now=LATER)
    assert (it.refund_pending, it.refundable) == (3000, 2000)
    with pytest.raises(RefundExceedsCapture) as refused:
        it.begin_refund(2001, now=LATER)
    assert refused.value.facts == {"refundable": 2000}

    arrived = it.end_refund(3000, succeeded=True, now=LATER)
    assert (arrived.refunded, arrived.refund_pending, arrived.refundable) == (3000, 0, 2000)
    assert it.end_refund(3000, succeeded=False, now=LATER).refundable == 5000
    assert arrived.undo_refund(3000, now=LATER).refundable == 5000


def test_the_first_reason_to_look_at_it_stays() -> None:
    assert payment().flag("one", now=LATER).flag("two", now=LATER).review == "one"


def test_what_the_provider_says_is_taken_over_with_its_details() -> None:
    action = NextAction(type=NextActionType.REDIRECT, url="https://pay.example.com/1")

    awaited = observe_payment(payment(), seen("requires_action", next_action=action), now=LATER)
    assert (awaited.status, awaited.next_action, awaited.provider_ref) == (S.REQUIRES_ACTION, action, "pay_1")
    card = MethodSummary(kind="card", brand="visa", last_four="4242")
    paid = observe_payment(awaited, seen("captured", second=1, fee=100, method=card), now=LATER)
    assert (paid.status, paid.captured, paid.fee, paid.next_action) == (S.CAPTURED, 5000, 100, None)
    assert paid.method_summary == card


def test_old_news_change_nothing_but_what_only_grows() -> None:
    paid = observe_payment(payment(), seen("captured", second=9), now=LATER)

    for status in ("created", "requires_action", "processing", "authorized", "failed"):
        assert observe_payment(paid, seen(status, second=5), now=LATER) == paid


def test_a_late_success_counts_and_its_failure_is_forgotten() -> None:
    failed = observe_payment(payment(), seen("failed", failure=NO), now=LATER)
    assert failed.failure == NO

    paid = observe_payment(failed, seen("captured", second=5), now=LATER)

    assert (paid.status, paid.captured, paid.failure, paid.review) == (S.CAPTURED, 5000, None, None)
    assert [event.type for event in payment_events(failed, paid)] == ["payment.succeeded_late"]


def test_a_partly_captured_payment_whose_rest_is_let_go_is_closed() -> None:
    part = observe_payment(payment(), seen("partially_captured", captured=1000), now=LATER)

    for status in ("canceled", "expired"):
        ended = observe_payment(part, seen(status, second=3, captured=1000), now=LATER)
        assert (ended.status, ended.captured) == (S.CLOSED, 1000)


@pytest.mark.parametrize(
    ("start", "news"),
    [
        ({}, {"amount": 4999}),
        ({}, {"currency": "EUR"}),
        ({"provider_ref": "pay_other"}, {}),
        ({}, {"captured": 5001}),
        ({}, {"authorized": 5001}),
        ({}, {"captured": 0}),
        ({"status": S.CANCELED}, {"second": 5}),
        ({"status": S.EXPIRED}, {"second": 5}),
    ],
)
def test_what_contradicts_is_shown_to_a_person_and_overwrites_nothing(
    start: dict[str, object], news: dict[str, object]
) -> None:
    before = payment(**{"provider_updated_at": NOON, **start})  # type: ignore[arg-type]  # values by name

    after = observe_payment(before, seen("captured", **news), now=LATER)  # type: ignore[arg-type]  # values by name

    assert after.review is not None
    assert (after.status, after.captured, after.provider_ref) == (before.status, 0, before.provider_ref)
    assert [event.type for event in payment_events(before, after)] == ["payment.flagged"]


def test_money_set_aside_for_a_payment_that_failed_here_is_shown_to_a_person() -> None:
    after = observe_payment(payment(S.FAILED), seen("authorized", second=5), now=LATER)

    assert (after.status, after.authorized) == (S.FAILED, 0)
    assert after.review == "the provider says authorized of a payment that is failed"


def test_every_change_of_status_and_every_capture_is_told() -> None:
    part = observe_payment(payment(), seen("partially_captured", captured=1000), now=LATER)
    more = observe_payment(part, seen("partially_captured", second=1, captured=3000), now=LATER)

    assert [event.type for event in payment_events(None, payment())] == ["payment.created"]
    assert [event.type for event in payment_events(part, more)] == ["payment.captured"]
    assert payment_events(more, more) == []


def test_news_fit_a_payment_whose_amount_currency_and_name_there_they_have() -> None:
    unnamed, named = payment(), payment(provider_ref="pay_1")

    assert unnamed.is_about_this(seen("captured"))
    assert named.is_about_this(seen("captured"))
    for other in ({"amount": 4999}, {"currency": "EUR"}, {"provider_ref": "pay_2"}):
        assert not named.is_about_this(seen("captured", **other))


def test_news_are_old_only_when_the_provider_said_something_later() -> None:
    knowing = payment(provider_updated_at=NOON + timedelta(seconds=5))

    assert knowing.knows_newer_than(seen("authorized", second=4))
    assert not knowing.knows_newer_than(seen("authorized", second=5))
    assert not knowing.knows_newer_than(seen("authorized", second=None))
    assert not payment().knows_newer_than(seen("authorized", second=4))
