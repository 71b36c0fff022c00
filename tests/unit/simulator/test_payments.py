"""What a payment at the provider may become, and what never."""

import pytest

from entrypoints.simulator.engine.payments import MOVES, PaymentStatus
from entrypoints.simulator.engine.refusals import InvalidRequest, NotAllowed, NotFound, Refusal
from entrypoints.simulator.engine.requests import LARGEST_AMOUNT
from unit.simulator.provider_scene import NOON, SHOP, Scene

STATUS = PaymentStatus
DAY = 86_400


METHODS = {
    STATUS.REQUIRES_ACTION: "pm_card_3ds",
    STATUS.PROCESSING: "pm_bank_async",
    STATUS.FAILED: "pm_card_declined_lost_card",
}


def in_status(scene: Scene, status: PaymentStatus) -> str:
    """A payment that got there in the ordinary way."""
    payment_id = scene.pay(
        METHODS.get(status, "pm_card_ok"),
        manual=status in {STATUS.AUTHORIZED, STATUS.PARTIALLY_CAPTURED},
        confirm=status not in {STATUS.CREATED, STATUS.CANCELED, STATUS.EXPIRED},
    )
    match status:
        case STATUS.PARTIALLY_CAPTURED:
            scene.capture(payment_id, 400, final=False)
        case STATUS.CANCELED:
            scene.provider.payments.cancel(scene.payment(payment_id), at=scene.now)
        case STATUS.EXPIRED:
            scene.provider.payments.expire(scene.payment(payment_id), at=scene.now)
        case _:
            pass
    assert scene.payment(payment_id).status is status
    return payment_id


# ── The ways a payment goes ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_is_charged_at_once_and_the_merchant_gets_it_less_the_fee() -> None:
    scene = Scene()
    payment = scene.payment(scene.pay(amount=1000))
    assert (payment.status, payment.captured, payment.fee) == (STATUS.CAPTURED, 1000, 20)
    assert scene.balance == 980
    assert scene.effects() == [("authorized", 1000), ("captured", 1000)]


def test_a_fee_is_never_larger_than_what_was_captured() -> None:
    scene = Scene()
    assert scene.payment(scene.pay(amount=3)).fee == 3
    assert scene.balance == 0


def test_captures_in_parts_take_no_more_than_was_authorized() -> None:
    scene = Scene()
    payment_id = scene.pay(amount=1000, manual=True)
    assert scene.capture(payment_id, 300, final=False).status is STATUS.PARTIALLY_CAPTURED
    with pytest.raises(NotAllowed) as refused:
        scene.capture(payment_id, 701)
    assert refused.value.code == "capture_exceeds_authorized"
    done = scene.capture(payment_id, 700, final=False)
    assert (done.status, done.captured, done.released, done.capturable) == (STATUS.CAPTURED, 1000, 0, 0)


def test_a_final_partial_capture_releases_the_rest() -> None:
    scene = Scene()
    payment_id = scene.pay(amount=1000, manual=True)
    done = scene.capture(payment_id, 300)
    assert (done.status, done.captured, done.released) == (STATUS.CAPTURED, 300, 700)
    assert scene.effects() == [("authorized", 1000), ("captured", 300), ("released", 700)]


def test_what_is_captured_stays_when_the_rest_is_canceled() -> None:
    scene = Scene()
    payment_id = in_status(scene, STATUS.PARTIALLY_CAPTURED)
    scene.provider.payments.cancel(scene.payment(payment_id), at=scene.now)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.captured, payment.released) == (STATUS.CAPTURED, 400, 600)


@pytest.mark.parametrize(
    "code", ["insufficient_funds", "do_not_honor", "lost_card", "expired_card", "fraud", "a_word_nobody_knows"]
)
def test_a_declined_card_is_told_with_its_code_and_moves_nothing(code: str) -> None:
    scene = Scene()
    payment = scene.payment(scene.pay(f"pm_card_declined_{code}"))
    assert payment.status is STATUS.FAILED
    assert payment.failure is not None
    assert payment.failure.code == code
    assert scene.balance == 0
    assert scene.effects() == [("declined", 1000)]


def test_3d_secure_charges_only_after_the_payer_approved() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_3ds")
    assert scene.payment(payment_id).status is STATUS.REQUIRES_ACTION
    assert scene.balance == 0
    scene.provider.payments.approve(scene.payment(payment_id), at=scene.now)
    assert scene.payment(payment_id).status is STATUS.CAPTURED


def test_3d_secure_refused_fails_the_payment() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_3ds")
    scene.provider.payments.refuse(scene.payment(payment_id), at=scene.now)
    failure = scene.payment(payment_id).failure
    assert failure is not None
    assert failure.code == "authentication_failed"


def test_a_payer_who_approved_may_still_be_declined() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_3ds_declined")
    scene.provider.payments.approve(scene.payment(payment_id), at=scene.now)
    assert scene.payment(payment_id).status is STATUS.FAILED


def test_nobody_can_approve_before_a_card_is_chosen() -> None:
    scene = Scene()
    payment_id = scene.pay(None)
    with pytest.raises(NotAllowed):
        scene.provider.payments.approve(scene.payment(payment_id), at=scene.now)


@pytest.mark.parametrize(("method", "end"), [("pm_bank_async", STATUS.CAPTURED), ("pm_bank_async_fail", STATUS.FAILED)])
def test_a_bank_debit_is_processing_until_its_time(method: str, end: PaymentStatus) -> None:
    scene = Scene()
    payment_id = scene.pay(method)
    scene.later(SHOP.delays.async_payment - 0.001)
    assert scene.payment(payment_id).status is STATUS.PROCESSING
    scene.later(0.001)
    assert scene.payment(payment_id).status is end


def test_a_failed_payment_may_be_captured_after_all() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_late_success")
    assert scene.payment(payment_id).status is STATUS.FAILED
    scene.later(SHOP.delays.late_success)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.captured, payment.failure) == (STATUS.CAPTURED, 1000, None)


def test_an_authorization_expires_after_a_week_and_not_before() -> None:
    scene = Scene()
    payment_id = scene.pay(manual=True)
    scene.later(7 * DAY - 1)
    assert scene.payment(payment_id).status is STATUS.AUTHORIZED
    scene.later(1)
    assert scene.payment(payment_id).status is STATUS.EXPIRED
    assert ("released", 1000) in scene.effects()


def test_a_payment_that_nobody_pays_expires_after_a_day() -> None:
    scene = Scene()
    waiting, paid = scene.pay(None), scene.pay()
    scene.later(DAY)
    assert scene.payment(waiting).status is STATUS.EXPIRED
    assert scene.payment(paid).status is STATUS.CAPTURED


def test_a_week_counts_from_the_authorization_not_from_the_payment() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_card_3ds", manual=True)
    scene.later(DAY - 1)
    scene.provider.payments.approve(scene.payment(payment_id), at=scene.now)
    scene.later(7 * DAY - 1)
    assert scene.payment(payment_id).status is STATUS.AUTHORIZED


def test_steps_happen_at_their_own_time_however_far_the_clock_jumps() -> None:
    scene = Scene()
    payment_id = scene.pay("pm_bank_async")
    scene.later(365 * DAY)
    assert (scene.payment(payment_id).updated_at - NOON).total_seconds() == SHOP.delays.async_payment


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────

CAPTURABLE = {STATUS.AUTHORIZED, STATUS.PARTIALLY_CAPTURED}
CANCELABLE = {STATUS.CREATED, STATUS.REQUIRES_ACTION, STATUS.AUTHORIZED, STATUS.PARTIALLY_CAPTURED}
REFUNDABLE = {STATUS.CAPTURED, STATUS.PARTIALLY_CAPTURED}


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("deed", ["confirm", "capture", "cancel", "refund", "approve", "refuse", "expire"])
def test_what_a_state_does_not_allow_is_refused_and_leaves_no_trace(deed: str, status: PaymentStatus) -> None:
    scene = Scene()
    payment_id = in_status(scene, status)
    allowed = {
        "confirm": {STATUS.CREATED},
        "capture": CAPTURABLE,
        "cancel": CANCELABLE,
        "expire": CANCELABLE,
        "refund": REFUNDABLE,
        "approve": {STATUS.REQUIRES_ACTION},
        "refuse": {STATUS.REQUIRES_ACTION},
    }[deed]
    before, balance = scene.payment(payment_id), scene.balance
    scene.changes()

    def act() -> None:
        desk, payment = scene.provider.payments, scene.payment(payment_id)
        match deed:
            case "confirm":
                desk.confirm(payment, method=None, return_url=None, at=scene.now)
            case "capture":
                scene.capture(payment_id)
            case "refund":
                scene.refund(payment_id)
            case _:
                getattr(desk, deed)(payment, at=scene.now)

    if status in allowed:
        act()
        assert scene.payment(payment_id) != before
        return
    with pytest.raises(NotAllowed):
        act()
    assert (scene.payment(payment_id), scene.balance) == (before, balance)
    left = scene.changes()
    assert not left.kept
    assert not left.truth
    assert not left.occasions


@pytest.mark.parametrize("status", STATUS)
def test_no_payment_moves_outside_the_table(status: PaymentStatus) -> None:
    scene = Scene()
    payment = scene.payment(in_status(scene, status))
    for target in set(STATUS) - MOVES[status]:
        with pytest.raises(NotAllowed):
            payment.moved(target, at=scene.now)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"amount": 0}, "amount_invalid"),
        ({"amount": -1}, "amount_invalid"),
        ({"amount": LARGEST_AMOUNT + 1}, "amount_invalid"),
        ({"currency": "usd"}, "currency_invalid"),
        ({"currency": "USDT"}, "currency_invalid"),
        ({"reference": ""}, "reference_invalid"),
        ({"reference": "a\nb"}, "reference_invalid"),
        ({"method": "pm_card_none"}, "unknown_payment_method"),
        ({"method": None, "return_url": None}, "return_url_required"),
        ({"method": "pm_card_3ds", "return_url": None}, "return_url_required"),
        ({"return_url": "javascript:alert(1)"}, "return_url_invalid"),
        ({"metadata": {str(n): "" for n in range(51)}}, "metadata_invalid"),
    ],
)
def test_a_request_that_can_never_be_right_is_refused(broken: dict, code: str) -> None:
    scene = Scene()
    scene.changes()
    with pytest.raises(InvalidRequest) as refused:
        scene.pay(**broken)
    assert refused.value.code == code
    assert not scene.changes().kept


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_and_less_cannot_be_captured_or_refunded(amount: int) -> None:
    scene = Scene()
    with pytest.raises(InvalidRequest):
        scene.capture(scene.pay(manual=True), amount)
    with pytest.raises(InvalidRequest):
        scene.refund(scene.pay(), amount)


def test_another_merchants_payment_is_not_there() -> None:
    scene = Scene()
    payment_id = scene.pay()
    with pytest.raises(NotFound):
        scene.provider.books.payment(payment_id, "acct_other")


def test_a_real_card_number_is_not_taken() -> None:
    scene = Scene()
    payment_id = scene.pay(None)
    with pytest.raises(Refusal) as refused:
        scene.provider.payments.pay_with_typed_card(scene.payment(payment_id), "4929 1234 5678 9012", at=scene.now)
    assert refused.value.code == "not_a_test_card"
    assert "4929" not in str(refused.value)
    assert scene.payment(payment_id).status is STATUS.REQUIRES_ACTION
