"""
Work that is left to a worker.

A job carries ids, never payloads: its handler reads what it needs, and decides by a fencing attempt or an inbox row
whether the work is still to do, because a job may run more than once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

JobArgument = str | int

MAX_ATTEMPTS = 100
LONGEST_TIMEOUT_SECONDS = 3600
LONGEST_KEY = 200
LONGEST_ARGUMENT = 200
"""An id fits in this; a payload does not."""
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_KEY = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """
    A job as whoever wants it done describes it, with every limit named.

    Attributes:
        name: Permanent dotted name, `operations.run`; never renamed, only added and retired.
        arguments: Ids and small numbers for the handler.
        key: At most one job of a key waits or runs at any time. A finished key may be queued again.
        timeout_seconds: How long one attempt may take.
        attempts: How often it is tried in all, before it counts as poison.
        retry_delay_seconds: The most that the second attempt waits; doubled for each further one, with jitter.
        max_retry_delay_seconds: The most that any attempt waits.

    Raises:
        ValueError: If something breaks these rules: a programmer's mistake.
    """

    name: str
    arguments: Mapping[str, JobArgument]
    key: str
    timeout_seconds: int
    attempts: int
    retry_delay_seconds: float
    max_retry_delay_seconds: float

    def __post_init__(self) -> None:
        """Check the rules, and copy the arguments so that nobody changes them later."""
        if _NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} is not a dotted job name")
        if len(self.key) > LONGEST_KEY or _KEY.fullmatch(self.key) is None:
            raise ValueError(f"a job's key has 1 to {LONGEST_KEY} letters, digits, or any of _ . : -")
        if not 1 <= self.timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
            raise ValueError(f"a job's timeout is 1 to {LONGEST_TIMEOUT_SECONDS} seconds")
        if not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise ValueError(f"a job has 1 to {MAX_ATTEMPTS} attempts")
        if not 0 <= self.retry_delay_seconds <= self.max_retry_delay_seconds:
            raise ValueError("a job's retry delay is neither negative nor above its maximum")
        for name, value in self.arguments.items():
            if isinstance(value, str) and len(value) > LONGEST_ARGUMENT:
                raise ValueError(f"the argument {name!r} is longer than an id: jobs carry no payloads")
        object.__setattr__(self, "arguments", MappingProxyType(dict(self.arguments)))


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One attempt that did not succeed: which (from 1), when it ended, and why."""

    attempt: int
    at: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonJob:
    """
    A job that will not be tried again.

    Attributes:
        queue: The queue it was in.
        key: Its key; of an entry that names no job, the entry's id.
        name: Its name, or an empty string when its record cannot be read.
        arguments: As they were queued; empty when the record cannot be read.
        attempts: How often it was tried.
        first_enqueued_at: When it was first queued, if that is known.
        history: The attempts that failed, oldest first; the last errors only, when there were many.
    """

    queue: str
    key: str
    name: str
    arguments: Mapping[str, object]
    attempts: int
    first_enqueued_at: datetime | None
    history: tuple[FailedAttempt, ...] = field(default=())
