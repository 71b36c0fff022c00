"""A hold's life: pending until its last minor unit has gone somewhere."""

from datetime import datetime, timedelta

import pytest

from builders import ALICE, BOB, NOON, WEEK, HoldFactory
from core.domain.holds import (
    CaptureExceedsHold,
    CaptureHold,
    ExpireHold,
    Hold,
    HoldHasExpired,
    HoldNotDue,
    HoldNotPending,
    HoldStatus,
    HoldStep,
    ReleaseHold,
    take_step,
)
from core.domain.identifiers import main_account_id, reserve_account_id
from core.domain.transfers import Leg

RESERVE, WALLET, SHOP = reserve_account_id(ALICE), main_account_id(ALICE), main_account_id(BOB)
LATER = NOON + timedelta(hours=1)
LAST_MOMENT = NOON + WEEK - timedelta(microseconds=1)
TIME_OUT = NOON + WEEK
HOLD = HoldFactory.build(amount=1000)
PARTLY_CAPTURED = HoldFactory.build(amount=1000, captured=300)


def capture(amount: int | None = None, *, final: bool = False) -> CaptureHold:
    """Take that much for the shop."""
    return CaptureHold(HOLD.id, SHOP, amount, final)


def parts(hold: Hold) -> tuple[int, int, int, HoldStatus]:
    """Captured, released, remaining, and what the hold is called then."""
    assert hold.captured + hold.released + hold.remaining == hold.amount
    return hold.captured, hold.released, hold.remaining, hold.status


# ── Legal moves ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", [capture(), capture(1000), capture(1000, final=True), capture(final=True)])
def test_a_capture_of_everything_ends_the_hold_final_or_not(step: CaptureHold) -> None:
    captured, legs = take_step(HOLD, step, now=LATER)
    assert parts(captured) == (1000, 0, 0, HoldStatus.CAPTURED)
    assert legs == (Leg(RESERVE, SHOP, 1000),)


def test_a_partial_capture_leaves_the_hold_pending() -> None:
    captured, legs = take_step(HOLD, capture(300), now=LATER)
    assert parts(captured) == (300, 0, 700, HoldStatus.PENDING)
    assert legs == (Leg(RESERVE, SHOP, 300),)


def test_a_final_partial_capture_gives_the_rest_back() -> None:
    captured, legs = take_step(HOLD, capture(300, final=True), now=LATER)
    assert parts(captured) == (300, 700, 0, HoldStatus.CAPTURED)
    assert legs == (Leg(RESERVE, SHOP, 300), Leg(RESERVE, WALLET, 700))


def test_a_hold_is_captured_part_after_part_until_nothing_remains() -> None:
    first, _ = take_step(HOLD, capture(300), now=LATER)
    second, _ = take_step(first, capture(300), now=LATER)
    last, legs = take_step(second, capture(), now=LATER)
    assert parts(second) == (600, 0, 400, HoldStatus.PENDING)
    assert parts(last) == (1000, 0, 0, HoldStatus.CAPTURED)
    assert legs == (Leg(RESERVE, SHOP, 400),)


@pytest.mark.parametrize(
    ("step", "now", "status"),
    [
        (ReleaseHold(HOLD.id), NOON, HoldStatus.RELEASED),
        (ReleaseHold(HOLD.id), TIME_OUT, HoldStatus.RELEASED),
        (ExpireHold(HOLD.id), TIME_OUT, HoldStatus.EXPIRED),
        (ExpireHold(HOLD.id), TIME_OUT + WEEK, HoldStatus.EXPIRED),
    ],
)
def test_a_release_and_an_expiry_give_back_what_was_not_captured(
    step: HoldStep, now: datetime, status: HoldStatus
) -> None:
    ended, legs = take_step(PARTLY_CAPTURED, step, now=now)
    assert parts(ended) == (300, 700, 0, status)
    assert legs == (Leg(RESERVE, WALLET, 700),)


def test_a_hold_can_be_captured_until_its_last_moment() -> None:
    captured, _ = take_step(HOLD, capture(), now=LAST_MOMENT)
    assert captured.status is HoldStatus.CAPTURED


def test_a_step_leaves_the_hold_it_was_taken_on_as_it_was() -> None:
    take_step(HOLD, capture(300), now=LATER)
    assert parts(HOLD) == (0, 0, 1000, HoldStatus.PENDING)


# ── Illegal moves ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("now", [LATER, TIME_OUT])
@pytest.mark.parametrize(
    "step", [capture(1), capture(), capture(final=True), ReleaseHold(HOLD.id), ExpireHold(HOLD.id)], ids=repr
)
@pytest.mark.parametrize("status", [HoldStatus.CAPTURED, HoldStatus.RELEASED, HoldStatus.EXPIRED])
def test_a_hold_that_ended_takes_no_further_step(status: HoldStatus, step: HoldStep, now: datetime) -> None:
    ended = HoldFactory.build(amount=1000, captured=300, released=700, status=status)
    with pytest.raises(HoldNotPending) as refusal:
        take_step(ended, step, now=now)
    assert refusal.value.facts == {"status": status.value}


@pytest.mark.parametrize("step", [capture(1), capture(), capture(final=True), capture(1001)])
@pytest.mark.parametrize("now", [TIME_OUT, TIME_OUT + WEEK])
def test_a_hold_is_not_captured_from_the_moment_its_time_is_out(step: CaptureHold, now: datetime) -> None:
    with pytest.raises(HoldHasExpired):
        take_step(HOLD, step, now=now)


@pytest.mark.parametrize("now", [NOON, LATER, LAST_MOMENT])
def test_a_hold_does_not_expire_before_its_time(now: datetime) -> None:
    with pytest.raises(HoldNotDue):
        take_step(HOLD, ExpireHold(HOLD.id), now=now)


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize(("hold", "remaining"), [(HOLD, 1000), (PARTLY_CAPTURED, 700)])
def test_a_capture_does_not_take_more_than_remains(hold: Hold, remaining: int, *, final: bool) -> None:
    with pytest.raises(CaptureExceedsHold) as refusal:
        take_step(hold, capture(remaining + 1, final=final), now=LATER)
    assert refusal.value.pointer == "#/amount"
    assert refusal.value.facts == {"remaining": remaining}


def test_every_status_but_pending_is_in_the_table_above() -> None:
    """A fifth status has to say which steps it takes."""
    assert set(HoldStatus) == {HoldStatus.PENDING, HoldStatus.CAPTURED, HoldStatus.RELEASED, HoldStatus.EXPIRED}


# ── As a reader sees it ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pending_hold_past_its_time_reads_as_expired_before_its_money_moves() -> None:
    assert HOLD.status_at(LAST_MOMENT) is HoldStatus.PENDING
    assert HOLD.status_at(TIME_OUT) is HoldStatus.EXPIRED


@pytest.mark.parametrize("status", [HoldStatus.CAPTURED, HoldStatus.RELEASED, HoldStatus.EXPIRED])
def test_a_hold_that_ended_reads_the_same_for_ever(status: HoldStatus) -> None:
    ended = HoldFactory.build(amount=1000, captured=300, released=700, status=status)
    assert ended.status_at(TIME_OUT + WEEK) is status
