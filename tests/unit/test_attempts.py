"""What is done next about an operation, and what each answer means for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import NOON
from core.domain.attempts import (
    LOOK_UP_AFTER_SECONDS,
    RESOLVABLE_STATES,
    REVIEW_AFTER,
    AttemptPolicy,
    Step,
    fence,
    hurry,
    next_step,
    noticed,
    resolve,
)
from core.domain.operations import (
    TERMINAL_STATES,
    InvalidOperationMove,
    Operation,
    OperationLeased,
    OperationStale,
    OperationState,
    lease_end,
)
from core.domain.outcomes import Absent, ActionRequired, Conflict, Declined, NotSent, Pending, Succeeded, Unknown
from operation_builders import (
    CONFLICT,
    DECLINED,
    NOT_SENT,
    PENDING,
    POLICY,
    REJECTED,
    SUCCEEDED,
    UNKNOWN,
    WITHOUT_KEYS,
    attempted,
    hours,
    leased,
    operation,
    seen,
)

S = OperationState
ABSENT, PERHAPS_ABSENT = Absent(authoritative=True), Absent(authoritative=False)
A_WHILE = NOON + timedelta(minutes=5)


def unknown_after(submissions: int, policy: AttemptPolicy = POLICY) -> Operation:
    """One that nobody heard of after so many submissions."""
    waiting, _ = seen(leased(), UNKNOWN, policy=policy)
    for _ in range(submissions - 1):
        _due, waiting, _outcome = attempted(waiting, UNKNOWN, policy=policy)
    assert (waiting.state, waiting.submissions) == (S.UNKNOWN, submissions)
    return waiting


def due_of(waiting: Operation) -> datetime:
    """When its next attempt may begin."""
    assert waiting.next_attempt_at is not None
    return waiting.next_attempt_at


# ── What each answer means ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (SUCCEEDED, S.SUCCEEDED),
        (DECLINED, S.DECLINED),
        (REJECTED, S.REJECTED),
        (PENDING, S.PROVIDER_PENDING),
        (ActionRequired("ref"), S.PROVIDER_PENDING),
        (NOT_SENT, S.RESERVED),
        (UNKNOWN, S.UNKNOWN),
        (CONFLICT, S.NEEDS_REVIEW),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_first_answer_is_taken_as_it_is(answer: Any, state: OperationState) -> None:
    moved, outcome = seen(leased(), answer)

    assert (moved.state, outcome) == (state, answer)


def test_what_went_wrong_can_be_read_from_the_operation() -> None:
    assert seen(leased(), DECLINED)[0].last_error == "no: no"
    assert seen(leased(), NotSent("x" * 1000))[0].last_error == "x" * 500
    assert seen(leased(), CONFLICT)[0].last_error == "another amount"
    assert seen(leased(), SUCCEEDED)[0].last_error is None


def test_a_conflict_waits_for_a_person() -> None:
    moved, _ = seen(leased(), CONFLICT)

    assert (moved.next_attempt_at, moved.provider_ref) == (None, "ref")
    with pytest.raises(OperationStale):
        fence(moved, POLICY, now=NOON + hours(1000))


def test_pending_is_asked_for_when_the_provider_says_or_after_a_minute() -> None:
    assert seen(leased(), PENDING)[0].next_attempt_at == NOON + timedelta(seconds=60)
    assert seen(leased(), Pending("ref", 7))[0].next_attempt_at == NOON + timedelta(seconds=7)


def test_what_the_provider_calls_it_is_not_forgotten_when_it_declines_without_saying_so() -> None:
    pending, _ = seen(leased(), PENDING)

    assert attempted(pending, DECLINED)[1].provider_ref == "ref"


# ── Not sent ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_not_sent_is_sent_again_with_growing_pauses_and_is_then_a_decline_without_effect() -> None:
    waiting, _ = seen(leased(), NOT_SENT)
    assert (waiting.state, waiting.next_attempt_at) == (S.RESERVED, NOON + timedelta(seconds=1))

    second, waiting, _ = attempted(waiting, NOT_SENT)
    assert (waiting.state, waiting.next_attempt_at) == (S.RESERVED, second + timedelta(seconds=2))

    _third, ended, outcome = attempted(waiting, NOT_SENT)
    assert (ended.state, ended.submissions, ended.attempt) == (S.DECLINED, 3, 3)
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.failover_ok) == ("provider_unavailable", True)


def test_chance_halves_a_pause_at_most_so_that_a_crowd_spreads() -> None:
    assert seen(leased(), NOT_SENT, jitter=0)[0].next_attempt_at == NOON + timedelta(seconds=0.5)


def test_pauses_are_capped() -> None:
    patient = AttemptPolicy(submissions=100, longest_backoff_seconds=60)
    waiting = replace(leased(), submissions=50)

    assert seen(waiting, NOT_SENT, policy=patient)[0].next_attempt_at == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("answer", [NOT_SENT, REJECTED], ids=lambda value: type(value).__name__)
def test_what_was_unknown_once_stays_so_when_the_next_attempt_did_not_reach_the_provider(answer: Any) -> None:
    _due, waiting, outcome = attempted(unknown_after(1), answer)

    assert (waiting.state, waiting.unknown_since) == (S.UNKNOWN, NOON)
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("answer", [NOT_SENT, REJECTED, UNKNOWN], ids=lambda value: type(value).__name__)
def test_what_the_provider_had_is_not_given_up_because_a_look_up_failed(answer: Any) -> None:
    pending, _ = seen(leased(), PENDING)

    due, waiting, outcome = attempted(pending, answer)

    assert (waiting.state, waiting.unknown_since) == (S.UNKNOWN, due)
    assert isinstance(outcome, Unknown)


# ── Leases ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_begins_an_attempt_before_the_lease_ends() -> None:
    begun = leased()
    with pytest.raises(OperationStale):
        fence(begun, POLICY, now=lease_end(NOON, 5) - timedelta(microseconds=1))

    step, again = fence(begun, POLICY, now=lease_end(NOON, 5))

    assert (step, again.attempt, again.submissions) == (Step.SUBMIT, 2, 2)
    assert again.next_attempt_at == lease_end(lease_end(NOON, 5), POLICY.deadline_seconds)


def test_a_lease_that_ran_out_in_the_middle_of_a_request_leaves_it_unknown() -> None:
    """Whoever had it may have sent it: now a failure to connect proves nothing."""
    _step, again = fence(leased(), POLICY, now=A_WHILE)
    assert again.unknown_since == A_WHILE

    waiting, outcome = seen(again, NOT_SENT, now=A_WHILE)

    assert (waiting.state, type(outcome)) == (S.UNKNOWN, Unknown)


def test_a_lease_that_ran_out_at_a_provider_without_keys_is_looked_up() -> None:
    step, again = fence(leased(), WITHOUT_KEYS, now=A_WHILE)

    assert (step, again.state, again.unknown_since, again.submissions) == (Step.LOOK_UP, S.UNKNOWN, A_WHILE, 1)


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
def test_what_has_ended_is_never_attempted_again(state: OperationState) -> None:
    assert next_step(operation(state), POLICY, now=NOON) is Step.NOTHING
    with pytest.raises(OperationStale):
        fence(operation(state), POLICY, now=NOON)


# ── Unknown ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_three_unknown_submissions_there_are_only_look_ups_on_their_schedule_and_a_person_after_a_day() -> None:
    waiting, began = unknown_after(3), NOON
    moments = [due_of(waiting)]
    states = []
    last_submission = waiting.updated_at
    for _ in range(8):
        assert next_step(waiting, POLICY, now=due_of(waiting)) is Step.LOOK_UP
        _due, waiting, _outcome = attempted(waiting, UNKNOWN)
        moments.append(due_of(waiting))
        states.append(waiting.state)

    pauses = [
        (later - earlier).total_seconds() for earlier, later in zip([last_submission, *moments], moments, strict=False)
    ]
    assert tuple(pauses[:5]) == LOOK_UP_AFTER_SECONDS[:5] == (60, 300, 900, 3600, 21_600)
    assert moments[5] == began + REVIEW_AFTER  # the pause to the first daily one is cut, so that it is seen in time
    assert pauses[6:] == [86_400, 86_400, 86_400]
    assert states == [S.UNKNOWN] * 5 + [S.NEEDS_REVIEW] * 3


def test_a_success_found_by_a_look_up_ends_it_even_under_review() -> None:
    reviewed = operation(S.NEEDS_REVIEW, unknown_since=NOON - hours(30), submissions=3, lookups=9)

    assert attempted(reviewed, SUCCEEDED)[1].state is S.SUCCEEDED
    assert attempted(reviewed, PENDING)[1].state is S.NEEDS_REVIEW
    assert attempted(reviewed, UNKNOWN)[1].state is S.NEEDS_REVIEW


def test_what_is_not_there_is_sent_once_more_with_the_same_key_while_the_key_is_known() -> None:
    waiting = unknown_after(3)

    _due, again, outcome = attempted(waiting, ABSENT)

    assert (again.state, type(outcome), again.key) == (S.UNKNOWN, Unknown, waiting.key)
    step, begun = fence(again, POLICY, now=due_of(again))
    assert (step, begun.state, begun.submissions, begun.lookups) == (Step.SUBMIT, S.SUBMITTING, 3, 0)
    after_that, _ = seen(begun, UNKNOWN)
    assert next_step(after_that, POLICY, now=NOON) is Step.LOOK_UP  # once more, and not again and again


def test_what_is_not_there_when_its_key_is_forgotten_did_not_happen() -> None:
    late = replace(unknown_after(3), next_attempt_at=NOON + hours(24))

    _due, ended, outcome = attempted(late, ABSENT)

    assert ended.state is S.DECLINED
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "provider_unavailable"


def test_a_provider_that_only_does_not_know_has_proved_nothing() -> None:
    late = replace(unknown_after(3), next_attempt_at=NOON + hours(23))

    assert attempted(late, PERHAPS_ABSENT)[1].state is S.UNKNOWN
    assert attempted(replace(late, next_attempt_at=NOON + hours(48)), PERHAPS_ABSENT)[1].state is S.NEEDS_REVIEW


@pytest.mark.parametrize("sightings", [(), (UNKNOWN,)], ids=["at once", "after a failed look-up"])
def test_what_the_provider_had_and_has_no_more_needs_a_person(sightings: tuple[Any, ...]) -> None:
    waiting, _ = seen(leased(), PENDING, policy=WITHOUT_KEYS)
    for sighting in sightings:
        _due, waiting, _outcome = attempted(waiting, sighting, policy=WITHOUT_KEYS)

    _due, moved, outcome = attempted(waiting, ABSENT, policy=WITHOUT_KEYS)

    assert (moved.state, type(outcome), moved.next_attempt_at) == (S.NEEDS_REVIEW, Conflict, None)


def test_after_its_key_is_forgotten_nothing_is_sent_again() -> None:
    waiting = unknown_after(1)

    last = NOON + hours(24) - timedelta(seconds=POLICY.deadline_seconds)  # it must arrive before that too

    assert next_step(waiting, POLICY, now=last) is Step.SUBMIT
    assert next_step(waiting, POLICY, now=last + timedelta(microseconds=1)) is Step.LOOK_UP


# ── A provider without keys ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_provider_without_keys_is_sent_nothing_twice() -> None:
    waiting = unknown_after(1, WITHOUT_KEYS)
    for _ in range(10):
        step, _begun = fence(waiting, WITHOUT_KEYS, now=due_of(waiting))
        assert step is Step.LOOK_UP
        _due, waiting, _outcome = attempted(waiting, PERHAPS_ABSENT, policy=WITHOUT_KEYS)

    assert waiting.submissions <= 1


def test_a_provider_without_keys_may_prove_that_nothing_happened() -> None:
    assert attempted(unknown_after(1, WITHOUT_KEYS), ABSENT, policy=WITHOUT_KEYS)[1].state is S.DECLINED


def test_what_surely_never_left_us_may_be_sent_again_without_keys_too() -> None:
    waiting, _ = seen(leased(), NOT_SENT, policy=WITHOUT_KEYS)

    assert next_step(waiting, WITHOUT_KEYS, now=NOON) is Step.SUBMIT


# ── Operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [S.RESERVED, S.PROVIDER_PENDING, S.UNKNOWN, S.NEEDS_REVIEW])
def test_an_operator_makes_what_waits_due_now(state: OperationState) -> None:
    waiting = operation(state, next_attempt_at=NOON + hours(5))

    hurried = hurry(waiting, is_leased=False, now=A_WHILE)

    assert (hurried.next_attempt_at, hurried.state, hurried.attempt) == (A_WHILE, state, waiting.attempt)
    assert hurry(hurried, is_leased=False, now=A_WHILE) == hurried


def test_an_operator_does_not_break_a_lease() -> None:
    with pytest.raises(OperationLeased):
        hurry(leased(), is_leased=True, now=NOON)

    abandoned = leased()

    assert hurry(abandoned, is_leased=True, now=A_WHILE) == abandoned  # its lease has ended: it is due as it is


def test_an_operator_cannot_hurry_what_waits_for_a_person_or_has_ended() -> None:
    for state in (S.NEEDS_REVIEW, *TERMINAL_STATES):
        with pytest.raises(InvalidOperationMove):
            hurry(operation(state, next_attempt_at=None), is_leased=False, now=NOON)


@pytest.mark.parametrize("state", S)
def test_a_trace_in_the_balance_brings_forward_only_what_nobody_knows(state: OperationState) -> None:
    waiting = operation(state, next_attempt_at=A_WHILE)

    due = noticed(waiting, now=NOON)

    if state in RESOLVABLE_STATES:
        assert due == replace(waiting, next_attempt_at=NOON, updated_at=NOON)
    else:
        assert due is None


def test_a_trace_in_the_balance_changes_nothing_of_what_is_due_or_waits_for_a_person_alone() -> None:
    assert noticed(operation(S.UNKNOWN, next_attempt_at=NOON), now=NOON) is None
    assert noticed(operation(S.UNKNOWN, next_attempt_at=NOON), now=A_WHILE) is None
    assert noticed(operation(S.NEEDS_REVIEW, next_attempt_at=None), now=NOON) is None


@pytest.mark.parametrize("state", S)
def test_an_operator_ends_only_what_nobody_knows_or_what_waits_for_a_person(state: OperationState) -> None:
    waiting = operation(state, attempt=4, unknown_since=NOON)
    if state not in RESOLVABLE_STATES:
        with pytest.raises(InvalidOperationMove):
            resolve(waiting, SUCCEEDED, now=A_WHILE)
        return

    succeeded, declined = resolve(waiting, Succeeded("found"), now=A_WHILE), resolve(waiting, DECLINED, now=A_WHILE)

    assert (succeeded.state, succeeded.provider_ref, succeeded.attempt) == (S.SUCCEEDED, "found", 5)
    assert (declined.state, declined.next_attempt_at, declined.last_error) == (S.DECLINED, None, "no: no")
