"""News of payments in any order come to the same; card numbers are found in any text."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from core.domain.card_numbers import holds_card_number, without_card_numbers
from core.domain.gateways import CaptureMode, MethodSummary, PaymentSnapshot, ProviderPaymentStatus
from core.domain.payments import Payment, observe_payment
from operation_builders import NO
from payment_builders import payment, seen
from strategies import FEW

NEXT = {
    "created": ("requires_action", "processing", "authorized", "captured", "failed", "canceled", "expired"),
    "requires_action": ("processing", "authorized", "captured", "failed", "canceled", "expired"),
    "processing": ("requires_action", "authorized", "captured", "failed"),
    "authorized": ("partially_captured", "captured", "canceled", "expired"),
    "partially_captured": ("partially_captured", "captured", "canceled", "expired"),
    "failed": ("captured",),
    "captured": (),
    "canceled": (),
    "expired": (),
}
"""What a provider may say next (docs/simulator.md)."""


@st.composite
def histories(draw: st.DrawFn) -> list[PaymentSnapshot]:
    """What a provider says of one payment, in order: cumulative sums, each later than the one before."""
    status, authorized, captured, fee = "created", 0, 0, 0
    history = [seen("created")]
    for second in range(1, draw(st.integers(1, 7))):
        following = [each for each in NEXT[status] if each != "partially_captured" or captured < 4999]
        if not following:
            break
        status = draw(st.sampled_from(following))
        if status in {"authorized", "captured", "partially_captured"}:
            authorized = 5000
        if status == "partially_captured":
            captured = draw(st.integers(captured + 1, 4999))
        elif status == "captured":
            captured = 5000 if captured == 0 else draw(st.integers(captured, 5000))
        fee = fee + draw(st.integers(0, 50)) if captured else 0
        history.append(
            seen(
                status,
                second=second,
                authorized=authorized,
                captured=captured,
                fee=fee,
                failure=NO if status == "failed" else None,
                method=None if status == "created" else MethodSummary(kind="card", last_four=f"{second:04}"),
            )
        )
    return history


def heard(news: list[PaymentSnapshot]) -> list[Payment]:
    """The payment after each of the news."""
    told = [payment(capture=CaptureMode.MANUAL, id=FIRST.id, operation_id=FIRST.operation_id)]
    for each in news:
        told.append(observe_payment(told[-1], each, now=NOON + timedelta(hours=1)))
    return told[1:]


FIRST = payment()


@FEW
@given(histories(), st.data())
def test_news_in_any_order_and_any_number_come_to_the_same(history: list[PaymentSnapshot], data: st.DataObject) -> None:
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=5))
    shuffled = data.draw(st.permutations(repeated))

    in_order, out_of_order = heard(history), heard(list(shuffled))

    assert out_of_order[-1] == in_order[-1]
    assert in_order[-1].review is None


@FEW
@given(histories(), st.data())
def test_sums_never_shrink_and_never_pass_the_amount(history: list[PaymentSnapshot], data: st.DataObject) -> None:
    told = heard(list(data.draw(st.permutations(history))))

    for before, after in pairwise(told):
        assert before.authorized <= after.authorized <= after.amount
        assert before.captured <= after.captured <= after.amount
        assert before.fee <= after.fee


@FEW
@given(
    st.lists(
        st.builds(
            seen,
            st.sampled_from([status.value for status in ProviderPaymentStatus]),
            second=st.none() | st.integers(0, 5),
            captured=st.integers(0, 6000),
            authorized=st.integers(0, 6000),
            amount=st.sampled_from([5000, 5000, 5000, 50]),
        ),
        max_size=8,
    )
)
def test_whatever_a_provider_says_the_sums_hold(news: list[PaymentSnapshot]) -> None:
    """The table refuses what breaks them, and an event that cannot be applied would be told again for ever."""
    for it in heard(news):
        assert 0 <= it.captured <= it.amount
        assert 0 <= it.authorized <= it.amount
        assert it.refundable >= 0


@FEW
@given(st.text(st.characters(exclude_categories=["N", "L"]), max_size=20), st.integers(0, 10**14 - 1))
def test_a_card_number_is_found_in_any_surroundings_and_told_to_nobody(around: str, account: int) -> None:
    digits = f"4{account:014}"
    card = digits + str(-_luhn(digits + "0") % 10)
    text = f"{around}|{card}|{around}"

    assert holds_card_number(text)
    assert card not in without_card_numbers(text)
    assert not holds_card_number(without_card_numbers(text))


@FEW
@given(st.uuids())
def test_a_uuid_is_no_card_number(value: object) -> None:
    assert not holds_card_number(str(value))


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total
