"""A hold, whatever is asked of it and whenever."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import ALICE, BOB, NOON, HoldFactory
from core.domain.errors import CoreError
from core.domain.holds import CaptureHold, ExpireHold, Hold, HoldStatus, HoldStep, ReleaseHold, take_step
from core.domain.identifiers import AccountId, main_account_id, reserve_account_id
from strategies import LAW

RESERVE, WALLET, SHOP = reserve_account_id(ALICE), main_account_id(ALICE), main_account_id(BOB)
LIFETIME = timedelta(seconds=60)
PENDING = HoldFactory.build(amount=100, expires_at=NOON + LIFETIME)

CAPTURES = st.builds(
    CaptureHold,
    hold_id=st.just(PENDING.id),
    destination=st.just(SHOP),
    amount=st.none() | st.integers(1, 130),
    final=st.booleans(),
)
STEPS = st.one_of(CAPTURES, CAPTURES, st.just(ReleaseHold(PENDING.id)), st.just(ExpireHold(PENDING.id)))
STORIES = st.lists(st.tuples(STEPS, st.sampled_from([0, 30, 59, 60, 61])), max_size=8)
"""Steps, each with the second it is asked for in."""


def step_by_step(story: list[tuple[HoldStep, int]]) -> list[tuple[Hold, dict[AccountId, int]]]:
    """The hold after each step that was taken, with where the money went so far."""
    hold, gone = PENDING, {SHOP: 0, WALLET: 0}
    taken = []
    for step, second in story:
        try:
            hold, legs = take_step(hold, step, now=NOON + timedelta(seconds=second))
        except CoreError:
            continue
        for leg in legs:
            assert leg.debit == RESERVE
            assert leg.amount > 0
            gone[leg.credit] += leg.amount
        taken.append((hold, dict(gone)))
    return taken


@LAW
@given(STORIES)
def test_captured_released_and_remaining_always_make_the_amount(story: list[tuple[HoldStep, int]]) -> None:
    for hold, _gone in step_by_step(story):
        assert hold.captured + hold.released + hold.remaining == hold.amount == 100
        assert min(hold.captured, hold.released, hold.remaining) >= 0


@LAW
@given(STORIES)
def test_the_legs_carry_exactly_what_the_hold_says_went(story: list[tuple[HoldStep, int]]) -> None:
    for hold, gone in step_by_step(story):
        assert gone == {SHOP: hold.captured, WALLET: hold.released}


@LAW
@given(STORIES)
def test_a_hold_is_pending_exactly_while_money_remains(story: list[tuple[HoldStep, int]]) -> None:
    for hold, _gone in step_by_step(story):
        assert (hold.status is HoldStatus.PENDING) == (hold.remaining > 0)


@LAW
@given(STORIES)
def test_a_hold_ends_once(story: list[tuple[HoldStep, int]]) -> None:
    ended = [hold for hold, _gone in step_by_step(story) if hold.status is not HoldStatus.PENDING]
    assert len(ended) <= 1
