"""Money that leaves the merchant's balance, and money that comes back to it."""

from dataclasses import replace

import pytest

from entrypoints.simulator.engine import payouts, refunds
from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.payouts import PayoutStatus
from entrypoints.simulator.engine.refunds import RefundStatus
from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed
from entrypoints.simulator.engine.requests import PayoutRequest
from unit.simulator.provider_scene import SHOP, Scene

# ── Refunds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_refunds_never_give_back_more_than_was_captured() -> None:
    scene = Scene()
    payment_id = scene.pay(amount=1000)
    scene.refund(payment_id, 600)
    with pytest.raises(NotAllowed) as refused:
        scene.refund(payment_id, 600)
    assert refused.value.code == "refund_exceeds_captured"
    scene.refund(payment_id, 400)
    with pytest.raises(NotAllowed):
        scene.refund(payment_id, 1)


def test_a_partly_captured_payment_is_refundable_only_for_that_part() -> None:
    scene = Scene()
    payment_id = scene.pay(amount=1000, manual=True)
    scene.capture(payment_id, 300, final=False)
    with pytest.raises(NotAllowed):
        scene.refund(payment_id, 301)
    assert scene.the_refund(scene.refund(payment_id)).amount == 300


def test_a_refund_is_pending_first_and_then_counts_as_refunded() -> None:
    scene = Scene()
    payment_id = scene.pay(amount=1000)
    refund_id = scene.refund(payment_id, 400)
    payment = scene.payment(payment_id)
    assert (payment.refund_pending, payment.refunded) == (400, 0)
    assert scene.balance == 580
    scene.later(SHOP.delays.refund)
    payment = scene.payment(payment_id)
    assert (payment.refund_pending, payment.refunded) == (0, 400)
    assert scene.the_refund(refund_id).status is RefundStatus.SUCCEEDED


def test_a_refund_that_fails_gives_its_money_and_its_room_back() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_refund_fails", amount=1000)
    refund_id = scene.refund(payment_id, 1000)
    scene.later(SHOP.delays.refund)
    assert scene.the_refund(refund_id).status is RefundStatus.FAILED
    assert scene.balance == 980
    assert scene.payment(payment_id).refundable == 1000


def test_a_refund_may_fail_after_it_succeeded() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_refund_fails_late", amount=1000)
    refund_id = scene.refund(payment_id, 700)
    scene.later(SHOP.delays.refund)
    assert scene.the_refund(refund_id).status is RefundStatus.SUCCEEDED
    scene.later(SHOP.delays.late_refund_failure)
    assert scene.the_refund(refund_id).status is RefundStatus.FAILED
    payment = scene.payment(payment_id)
    assert (payment.refunded, payment.refund_pending, scene.balance) == (0, 0, 980)
    assert ("refund_reversed", 700) in scene.effects()


def test_a_refund_fails_only_once() -> None:
    scene = Scene()
    refund_id = scene.refund(scene.pay(), 500)
    scene.provider.refunds.fail(scene.the_refund(refund_id), at=scene.now)
    with pytest.raises(NotAllowed):
        scene.provider.refunds.fail(scene.the_refund(refund_id), at=scene.now)
    scene.later(SHOP.delays.refund)
    assert scene.balance == 980


@pytest.mark.parametrize("status", RefundStatus)
def test_no_refund_moves_outside_the_table(status: RefundStatus) -> None:
    scene = Scene()
    refund = replace(scene.the_refund(scene.refund(scene.pay())), status=status)
    for target in set(RefundStatus) - refunds.MOVES[status]:
        with pytest.raises(NotAllowed):
            refund.moved(target, at=scene.now)


# ── Payouts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_payout_takes_its_amount_and_fee_at_once_and_arrives_later() -> None:
    scene = Scene()
    scene.fund(1000)
    payout_id = scene.pay_out(500)
    assert scene.balance == 495
    scene.later(SHOP.delays.payout_in_transit)
    assert scene.payout(payout_id).status is PayoutStatus.IN_TRANSIT
    scene.later(SHOP.delays.payout_paid)
    assert scene.payout(payout_id).status is PayoutStatus.PAID
    assert scene.balance == 495


def test_nobody_pays_out_more_than_the_balance() -> None:
    scene = Scene()
    scene.fund(504)
    with pytest.raises(NotAllowed) as refused:
        scene.pay_out(500)
    assert refused.value.code == "balance_insufficient"
    assert scene.balance == 504


def test_a_merchant_may_be_allowed_to_overdraw() -> None:
    scene = Scene()
    request = PayoutRequest(reference="p", amount=500, currency="USD", destination="ba_ok")
    scene.provider.payouts.create(replace(SHOP, payouts_may_overdraw=True), request, at=scene.now)
    assert scene.balance == -505


def test_a_payout_that_fails_gives_amount_and_fee_back() -> None:
    scene = Scene()
    scene.fund(1000)
    payout_id = scene.pay_out(500, "ba_fails")
    scene.later(10)
    assert scene.payout(payout_id).status is PayoutStatus.FAILED
    assert scene.balance == 1000


def test_a_payout_may_come_back_after_it_was_paid_and_costs_its_fee() -> None:
    scene = Scene()
    scene.fund(1000)
    payout_id = scene.pay_out(500, "ba_returned")
    scene.later(10)
    assert scene.payout(payout_id).status is PayoutStatus.PAID
    scene.later(SHOP.delays.payout_return)
    assert scene.payout(payout_id).status is PayoutStatus.RETURNED
    assert scene.balance == 995


def test_a_payout_is_canceled_only_while_it_is_pending() -> None:
    scene = Scene()
    scene.fund(2000)
    early, late = scene.pay_out(500, "ba_slow"), scene.pay_out(500)
    scene.provider.payouts.cancel(scene.payout(early), at=scene.now)
    assert scene.payout(early).status is PayoutStatus.CANCELED
    assert scene.balance == 1495
    scene.later(SHOP.delays.payout_in_transit)
    with pytest.raises(NotAllowed):
        scene.provider.payouts.cancel(scene.payout(late), at=scene.now)


@pytest.mark.parametrize("status", PayoutStatus)
def test_no_payout_moves_outside_the_table(status: PayoutStatus) -> None:
    scene = Scene()
    scene.fund(1000)
    payout = replace(scene.payout(scene.pay_out(100)), status=status)
    for target in set(PayoutStatus) - payouts.MOVES[status]:
        with pytest.raises(NotAllowed):
            payout.moved(target, at=scene.now)


def test_an_unknown_destination_is_refused() -> None:
    scene = Scene()
    scene.fund(1000)
    with pytest.raises(InvalidRequest):
        scene.pay_out(500, "ba_nowhere")


# ── Books ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_movements_sum_up_to_the_balance_and_each_nets_out() -> None:
    scene = Scene()
    scene.fund(5000)
    for method in ("pm_card_ok", "pm_card_refund_fails", "pm_card_refund_fails_late", "pm_bank_async"):
        payment_id = scene.pay(method)
        scene.later(5)
        scene.refund(payment_id, 250)
    for destination in ("ba_ok", "ba_fails", "ba_returned"):
        scene.pay_out(300, destination)
    scene.later(10 * 86_400)
    lines = scene.provider.books.movements(SHOP.id, after=0, limit=1000)
    assert all(line.gross - line.fee == line.net for line in lines)
    assert sum(line.net for line in lines) == scene.balance
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_what_was_charged_is_available_only_when_it_is_settled() -> None:
    scene = Scene()
    scene.pay()
    (before,) = scene.provider.books.balances(SHOP.id, at=scene.now)
    scene.later(SHOP.delays.settlement)
    (after,) = scene.provider.books.balances(SHOP.id, at=scene.now)
    assert (before.total, before.available) == (980, 0)
    assert (after.total, after.available) == (980, 980)


def test_a_double_charge_is_seen_by_its_reference() -> None:
    scene = Scene()
    twice = [scene.pay(reference="order-7"), scene.pay(reference="order-7")]
    found = scene.provider.books.with_reference(Payment, SHOP.id, "order-7")
    assert [each.id for each in found] == twice
    assert scene.provider.books.with_reference(Payment, "acct_other", "order-7") == []
    assert scene.provider.books.with_reference(Payment, SHOP.id, "order-8") == []


def test_every_change_of_status_is_announced_as_it_was_then() -> None:
    scene = Scene()
    payment_id = scene.pay(manual=True)
    scene.capture(payment_id, 400, final=False)
    scene.capture(payment_id, 600)
    told = [(each.type, getattr(each.subject, "captured", None)) for each in scene.changes().occasions]
    assert told == [("payment.authorized", 0), ("payment.partially_captured", 400), ("payment.captured", 1000)]
