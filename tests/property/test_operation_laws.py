"""
An operation against a provider and a network that do their worst.

Workers begin, send, die, sleep and record in any order, answers get lost on either side, keys are revoked, time passes.
Whatever happens: nothing is done twice, and nothing that was done is paid back.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from builders import NOON
from core.domain.attempts import AttemptPolicy, Step, after, fence, hurry
from core.domain.errors import Conflict as Refusal
from core.domain.operations import TERMINAL_STATES, Operation, OperationStale, OperationState
from core.domain.outcomes import Absent, Declined, Outcome, Pending, Rejected, Sighting, Succeeded
from operation_builders import DECLINED, NOT_SENT, POLICY, REJECTED, UNKNOWN, WITHOUT_KEYS, leased
from strategies import FEW

STORY = settings(FEW, max_examples=250, stateful_step_count=25)
PAUSES = [timedelta(seconds=seconds) for seconds in (4, 16, 86_397, 86_401)]
"""Within a deadline, past a lease, and on both sides of the end of a key."""
DECISIONS = ["succeeded", "succeeded", "succeeded", "declined", "pending"]
FATES = ["arrives", "answer lost", "answer lost", "answer lost", "lost on the way", "not sent", "not let in"]


@dataclass(slots=True)
class Provider:
    """
    What really happened.

    Attributes:
        key_window: For how long a repeated request gets the old answer; None: never, each one is done anew.
        known: succeeded, declined or pending, of the last request that was done; None when there was none.
    """

    key_window: timedelta | None
    effects: int = 0
    known: str | None = None
    first_seen: datetime | None = None

    def take(self, decision: str, now: datetime) -> None:
        """A request has come in; a known key changes nothing."""
        is_known = self.first_seen is not None
        if is_known and self.key_window is not None and now < (self.first_seen or now) + self.key_window:
            return
        self.first_seen = self.first_seen or now
        self._decide(decision)

    def make_up_its_mind(self, decision: str) -> None:
        """What was pending is decided."""
        if self.known == "pending":
            self._decide(decision)

    def tell(self) -> Sighting:
        """What a look-up finds."""
        told: dict[str | None, Sighting] = {
            "succeeded": Succeeded("ref"),
            "pending": Pending("ref"),
            "declined": DECLINED,
            None: Absent(authoritative=True),
        }
        return told[self.known]

    def _decide(self, decision: str) -> None:
        self.known = decision
        self.effects += decision == "succeeded"


@dataclass(slots=True, eq=False)
class Worker:
    """Somebody at one attempt; *saw* is what came back, once it did."""

    operation: Operation
    step: Step
    deadline: datetime
    saw: Sighting | None = None


class OperationStory(RuleBasedStateMachine):
    """One operation from its first attempt, with any number of workers."""

    policy: AttemptPolicy

    @initialize()
    def begin_inline(self) -> None:
        self.now = NOON
        self.provider = Provider(self.policy.key_window)
        self.operation = leased()
        self.recorded: set[int] = set()
        self.settled: list[Outcome] = []
        self.workers = [Worker(self.operation, Step.SUBMIT, NOON + timedelta(seconds=5))]

    @rule(what=st.sampled_from([*PAUSES, *PAUSES, "hurry", "succeeded", "declined"]))
    def something_happens(self, what: timedelta | str) -> None:
        """Time passes, an operator is in a hurry, or the provider decides what was pending."""
        if isinstance(what, timedelta):
            self.now += what
        elif what == "hurry":
            with suppress(Refusal):
                is_leased = self.operation.attempt not in self.recorded
                self._write(hurry(self.operation, is_leased=is_leased, now=self.now))
        else:
            self.provider.make_up_its_mind(what)

    @rule(fate=st.sampled_from(FATES), decision=st.sampled_from(DECISIONS))
    def the_newest_worker_goes_on_to_its_end(self, fate: str, decision: str) -> None:
        """Begun long ago or just now: most attempts are like this, and only in them does a story get anywhere."""
        if not self.workers:
            self.a_worker_begins(waits=True)
        if self.workers:
            self._call(self.workers[0], fate, decision)
            self._record(self.workers.pop(0))

    @rule(waits=st.booleans())
    def a_worker_begins(self, *, waits: bool) -> None:
        """Whom nothing else befalls has died."""
        if waits and self.operation.next_attempt_at is not None:
            self.now = max(self.now, self.operation.next_attempt_at)
        try:
            step, fenced = fence(self.operation, self.policy, now=self.now)
        except OperationStale:
            return
        self._write(fenced)
        deadline = self.now + timedelta(seconds=self.policy.deadline_seconds)
        self.workers.insert(0, Worker(fenced, step, deadline))

    @precondition(lambda self: self.workers)
    @rule(place=st.integers(0, 3), fate=st.sampled_from(FATES), decision=st.sampled_from(DECISIONS))
    def a_worker_calls(self, place: int, fate: str, decision: str) -> None:
        self._call(self.workers[place % len(self.workers)], fate, decision)

    @precondition(lambda self: self.workers)
    @rule(place=st.integers(0, 3))
    def a_worker_writes_down_what_it_saw(self, place: int) -> None:
        self._record(self.workers.pop(place % len(self.workers)))

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert self.provider.effects <= 1

    @invariant()
    def what_is_paid_back_was_not_done_and_never_will_be(self) -> None:
        if any(isinstance(outcome, Declined | Rejected) for outcome in self.settled):
            assert self.provider.effects == 0
            assert self.provider.known in {None, "declined"}

    @invariant()
    def what_counts_as_done_was_done(self) -> None:
        if any(isinstance(outcome, Succeeded) for outcome in self.settled):
            assert self.provider.effects == 1

    @invariant()
    def it_is_settled_exactly_when_it_has_ended(self) -> None:
        assert len(self.settled) == (0 if self.operation.is_active else 1)

    @invariant()
    def what_is_active_is_due_one_day_or_waits_for_a_person(self) -> None:
        waits = self.operation.state in {*TERMINAL_STATES, OperationState.NEEDS_REVIEW}
        assert self.operation.next_attempt_at is not None or waits

    def _call(self, worker: Worker, fate: str, decision: str) -> None:
        if worker.saw is not None:
            return
        if self.now > worker.deadline:  # the adapter looks at the clock right before the first byte
            worker.saw = NOT_SENT if worker.step is Step.SUBMIT else UNKNOWN
            return
        if worker.step is Step.SUBMIT and fate in {"arrives", "answer lost"}:
            self.provider.take(decision, self.now)
        answers: dict[str, Sighting] = {
            "arrives": self.provider.tell(),
            "answer lost": UNKNOWN,
            "lost on the way": UNKNOWN,
            "not sent": NOT_SENT,
            "not let in": REJECTED,
        }
        worker.saw = answers[fate]

    def _record(self, worker: Worker) -> None:
        """As core.application.operations.run_operation does."""
        if worker.saw is None or worker.operation.attempt != self.operation.attempt or not self.operation.is_active:
            return
        moved, outcome = after(self.operation, worker.saw, self.policy, now=self.now, jitter=1.0)
        self.recorded.add(worker.operation.attempt)
        self._write(moved)
        if isinstance(outcome, Succeeded | Declined | Rejected):
            self.settled.append(outcome)

    def _write(self, moved: Operation) -> None:
        """As the table's trigger would have it."""
        before = self.operation
        if not before.is_active:
            assert moved == before
        assert moved.attempt >= before.attempt
        assert (moved.key, moved.id, moved.amount, moved.subject) == (
            before.key,
            before.id,
            before.amount,
            before.subject,
        )
        self.operation = moved


class KeyedProviderStory(OperationStory):
    """A provider that knows a key for a day."""

    policy = POLICY


class KeylessProviderStory(OperationStory):
    """A provider that does whatever it is sent."""

    policy = WITHOUT_KEYS


def _case(story: type[OperationStory]) -> Any:
    case = story.TestCase
    case.settings = STORY
    return case


TestKeyedProvider = _case(KeyedProviderStory)
TestKeylessProvider = _case(KeylessProviderStory)
