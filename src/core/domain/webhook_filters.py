"""Which events an endpoint hears of: ``transfer.posted``, everything under ``transfer.*``, or ``*``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.domain.errors import Rejected

MAX_FILTERS = 50
MAX_FILTER_LENGTH = 100
EVERYTHING = "*"
_BELOW = ".*"
_FILTER = re.compile(r"\*|[a-zA-Z0-9_]+(?:\.[a-zA-Z0-9_]+)*(?:\.\*)?")


class InvalidEventFilter(Rejected):
    """No event type is named, too many are, one twice, or one that no event has."""

    code = "invalid_event_filter"
    title = "The event types are not valid"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """
    One event type, or all below a prefix.

    Raises:
        InvalidEventFilter: If *pattern* is neither.
    """

    pattern: str

    def __post_init__(self) -> None:
        """Refuse what cannot be a filter."""
        check_filter(self.pattern, pointer="#/event_types")

    def matches(self, event_type: str) -> bool:
        """Whether it lets such an event through; ``transfer.*`` takes ``transfer.a.b`` too, but not ``transfer``."""
        if self.pattern == EVERYTHING:
            return True
        if self.pattern.endswith(_BELOW):
            return event_type.startswith(self.pattern.removesuffix("*"))
        return event_type == self.pattern


def check_filter(pattern: str, *, pointer: str) -> None:
    """
    Let a filter pass.

    Raises:
        InvalidEventFilter: Naming the rule that *pattern* breaks, with *pointer*.
    """
    if len(pattern) > MAX_FILTER_LENGTH:
        raise InvalidEventFilter(f"an event type has at most {MAX_FILTER_LENGTH} characters", pointer=pointer)
    if not _FILTER.fullmatch(pattern):
        raise InvalidEventFilter(
            "an event type is a name such as transfer.posted, a prefix such as transfer.*, or *", pointer=pointer
        )


def parse_filters(patterns: Sequence[str]) -> tuple[EventFilter, ...]:
    """
    The filters of an endpoint, in the order given.

    Raises:
        InvalidEventFilter: Naming the entry and the rule it breaks; for no entry at all, too many, or one given twice.
    """
    if not patterns:
        raise InvalidEventFilter("name at least one event type; * stands for all", pointer="#/event_types")
    if len(patterns) > MAX_FILTERS:
        raise InvalidEventFilter(f"at most {MAX_FILTERS} event types; * stands for all", pointer="#/event_types")
    seen: set[str] = set()
    for number, pattern in enumerate(patterns):
        check_filter(pattern, pointer=f"#/event_types/{number}")
        if pattern in seen:
            raise InvalidEventFilter(f"{pattern} is given twice", pointer=f"#/event_types/{number}")
        seen.add(pattern)
    return tuple(map(EventFilter, patterns))


def any_matches(filters: Iterable[EventFilter], event_type: str) -> bool:
    """Whether one of *filters* lets the event through."""
    return any(one.matches(event_type) for one in filters)
