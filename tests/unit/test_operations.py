"""An operation goes only where its state allows, and its key follows from its cause."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

from builders import NOON, OTHER_TENANT, fresh_id
from core.domain.identifiers import OperationId
from core.domain.operations import (
    ACTIVE_STATES,
    LEASE_MARGIN_SECONDS,
    TERMINAL_STATES,
    TRANSITIONS,
    InvalidOperationMove,
    OperationState,
    begin_operation,
    lease_end,
)
from operation_builders import intent, operation

LATER = NOON + timedelta(minutes=1)
S = OperationState
LEGAL = {
    (S.RESERVED, S.SUBMITTING),
    (S.SUBMITTING, S.RESERVED),
    (S.SUBMITTING, S.PROVIDER_PENDING),
    (S.SUBMITTING, S.UNKNOWN),
    (S.SUBMITTING, S.NEEDS_REVIEW),
    (S.PROVIDER_PENDING, S.UNKNOWN),
    (S.PROVIDER_PENDING, S.NEEDS_REVIEW),
    (S.UNKNOWN, S.SUBMITTING),
    (S.UNKNOWN, S.PROVIDER_PENDING),
    (S.UNKNOWN, S.NEEDS_REVIEW),
    *product((S.SUBMITTING, S.PROVIDER_PENDING, S.UNKNOWN, S.NEEDS_REVIEW), (S.SUCCEEDED, S.DECLINED, S.REJECTED)),
}
"""Written out a second time: a move added by mistake must not pass."""


@pytest.mark.parametrize(("source", "target"), [pair for pair in product(S, S) if pair[0] is not pair[1]])
def test_only_the_legal_moves_are_made(source: OperationState, target: OperationState) -> None:
    begun = operation(source)

    if (source, target) in LEGAL:
        assert begun.move(target, now=LATER).state is target
    else:
        with pytest.raises(InvalidOperationMove):
            begun.move(target, now=LATER)


@pytest.mark.parametrize("state", S)
def test_staying_where_it_is_is_no_move(state: OperationState) -> None:
    assert operation(state).move(state, now=LATER).updated_at == LATER


def test_every_state_has_its_moves_and_is_either_active_or_at_its_end() -> None:
    assert set(TRANSITIONS) == set(S)
    assert set(S) == ACTIVE_STATES | TERMINAL_STATES
    assert {state for state in S if not TRANSITIONS[state]} == TERMINAL_STATES
    assert {state for state in S if operation(state).is_active} == ACTIVE_STATES


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
def test_what_has_ended_is_attempted_no_more_and_nothing_about_it_is_unknown(state: OperationState) -> None:
    ended = operation(S.UNKNOWN, unknown_since=NOON).move(state, now=LATER)

    assert (ended.next_attempt_at, ended.unknown_since) == (None, None)


def test_a_fresh_one_is_due_at_once() -> None:
    fresh = begin_operation(intent(), OperationId(fresh_id()), now=NOON)

    assert (fresh.state, fresh.attempt, fresh.submissions, fresh.next_attempt_at) == (S.RESERVED, 0, 0, NOON)


def test_one_that_is_attempted_inline_is_created_leased_past_its_deadline() -> None:
    fresh = begin_operation(intent(), OperationId(fresh_id()), now=NOON, leased_seconds=5)

    assert (fresh.state, fresh.attempt, fresh.submissions) == (S.SUBMITTING, 1, 1)
    assert fresh.next_attempt_at == lease_end(NOON, 5) == NOON + timedelta(seconds=5 + LEASE_MARGIN_SECONDS)


def test_a_key_follows_from_its_cause_alone() -> None:
    first = intent(subject=fresh_id(), trace_id="a" * 32)
    after_a_restore = intent(subject=fresh_id(), trace_id="b" * 32)

    assert first.key == after_a_restore.key
    assert begin_operation(first, OperationId(fresh_id()), now=NOON).key == first.key


def test_a_key_is_the_one_it_always_was() -> None:
    """Providers know it: it must never change with a release."""
    assert intent().key == UUID("bdd7cc0b-153d-5e84-b19d-7c59cc18e664")


@pytest.mark.parametrize(
    "different",
    [
        {"tenant_id": OTHER_TENANT},
        {"cause": "key-2"},
        {"kind": "payment.capture"},
        {"gateway_account": UUID(int=1)},
        {"step": "confirm"},
        {"ordinal": 1},
    ],
    ids=lambda different: next(iter(different)),
)
def test_keys_of_different_intents_differ(different: dict[str, object]) -> None:
    assert intent(**different).key != intent().key


def test_neighbouring_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert intent(cause="a", kind="bc").key != intent(cause="ab", kind="c").key
    assert intent(step="1", ordinal=1).key != intent(step="", ordinal=11).key
