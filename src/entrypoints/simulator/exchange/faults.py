"""Faults on demand: which there are, and which request gets one."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from entrypoints.simulator.exchange.answer import WireRequest

DEFAULT_SECONDS = 2.0
LONGEST_SECONDS = 600.0
MOST_RULES = 1000


class FaultKind(StrEnum):
    """What goes wrong; the first group before anything happens, the second within, the third after the effect."""

    BEFORE_EFFECT_500 = "before_effect_500"
    RATE_LIMITED = "429"
    HTML_502 = "html_502"
    HANG_BEFORE = "hang_before"
    DROP_BEFORE_EFFECT = "drop_before_effect"

    SLOW = "slow"
    """Takes `seconds` before it takes effect; the key is in progress meanwhile."""
    STICKY_500 = "sticky_500"
    """Execution begins and fails without effect; that 500 is kept under the key."""
    AFTER_EFFECT_500 = "after_effect_500"
    """It took effect, and the kept answer is a 500 all the same."""

    AFTER_EFFECT_HTML_502 = "after_effect_html_502"
    HANG_AFTER = "hang_after"
    DROP_AFTER_EFFECT = "drop_after_effect"
    TRUNCATE = "truncate"
    GARBAGE_200 = "garbage_200"
    SLOW_ANSWER = "slow_answer"
    """Took effect and is kept, but the answer comes `seconds` later: webhooks overtake it."""
    TAMPER = "tamper"
    """The answer says something else in `fields`."""


BEFORE = frozenset(
    {
        FaultKind.BEFORE_EFFECT_500,
        FaultKind.RATE_LIMITED,
        FaultKind.HTML_502,
        FaultKind.HANG_BEFORE,
        FaultKind.DROP_BEFORE_EFFECT,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One request's fault."""

    kind: FaultKind
    seconds: float = DEFAULT_SECONDS
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


class UnknownScenario(Exception):
    """A request asks for a fault that does not exist."""


def fault_asked_for(text: str) -> Fault:
    """
    The fault that a header names: ``drop_after_effect``, or ``slow; seconds=0.5``.

    Raises:
        UnknownScenario: If there is no such fault.
    """
    name, _, parameter = text.partition(";")
    label, _, number = parameter.strip().partition("=")
    try:
        kind = FaultKind(name.strip())
        seconds = float(number) if label == "seconds" else DEFAULT_SECONDS
    except ValueError:
        raise UnknownScenario from None
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise UnknownScenario
    return Fault(kind, seconds)


@dataclass(slots=True, kw_only=True)
class FaultRule:
    """
    Requests that get a fault: all conditions that are given must hold.

    Attributes:
        method: The HTTP method.
        path: A pattern for the path, with ``*`` and ``?``.
        reference: Text that occurs in the body or the query.
        account_id: Whose requests.
        times: How many of them at most; None for all.
        probability: The share of them, 0 to 1; chance follows from *seed*.
    """

    id: str
    fault: Fault
    method: str | None = None
    path: str | None = None
    reference: str | None = None
    account_id: str | None = None
    times: int | None = None
    probability: float | None = None
    seed: int = 0
    hits: int = 0
    chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Give the rule a chance of its own, so that other rules do not disturb it."""
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def takes(self, request: WireRequest, account_id: str) -> bool:
        """Whether this request gets the fault; it counts then."""
        if not self._matches(request, account_id) or self.hits == self.times:
            return False
        if self.probability is not None and self.chance.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def _matches(self, request: WireRequest, account_id: str) -> bool:
        return (
            self.method in {None, request.method}
            and self.account_id in {None, account_id}
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (self.reference is None or _mentions(request, self.reference))
        )


class FaultBoard:
    """The rules that hold now; the first that takes a request decides."""

    def __init__(self) -> None:
        """Begin without any."""
        self._rules: dict[str, FaultRule] = {}

    @property
    def rules(self) -> Sequence[FaultRule]:
        """All rules, oldest first."""
        return list(self._rules.values())

    def add(self, rule: FaultRule) -> None:
        """From now on."""
        if len(self._rules) >= MOST_RULES:
            del self._rules[next(iter(self._rules))]
        self._rules[rule.id] = rule

    def remove(self, rule_id: str) -> None:
        """No longer; nothing happens if there is no such rule."""
        self._rules.pop(rule_id, None)

    def clear(self) -> None:
        """No faults any more."""
        self._rules.clear()

    def choose(self, request: WireRequest, account_id: str) -> Fault | None:
        """The fault of this request, if it gets one."""
        for rule in self._rules.values():
            if rule.takes(request, account_id):
                return rule.fault
        return None


def _mentions(request: WireRequest, text: str) -> bool:
    return text.encode() in request.body or text in request.query
