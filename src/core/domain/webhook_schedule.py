"""When a webhook is sent again, and when not (schedule and status rules of Standard Webhooks 1.0.0)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.domain.webhook_answers import DeliveryAnswer, DeliveryError

_MINUTE, _HOUR = 60, 3600
DELAYS_SECONDS = (
    0,
    5,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""How long to wait before each attempt, after the one before it: 75 h 35 min 5 s in all."""

MAX_ATTEMPTS = len(DELAYS_SECONDS)
JITTER = 0.2
"""A delay is drawn from 20 % below to 20 % above, so that messages that failed together do not come back together."""

MAX_RETRY_AFTER_SECONDS = 24 * _HOUR
THROTTLE_SECONDS = 60
"""How long an endpoint is left alone that asks for less and does not say for how long."""

GONE = 410
THROTTLING = frozenset({429, 502, 504})
_SECONDS = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was taken."""


@dataclass(frozen=True, slots=True)
class RetryIn:
    """
    Send it again.

    Attributes:
        seconds: How long after this attempt.
        pause_seconds: How long to send the endpoint nothing else either; 0 unless it asked for less (429, 502, 504).
    """

    seconds: float
    pause_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Exhausted:
    """It was the last attempt."""


@dataclass(frozen=True, slots=True)
class DisableEndpoint:
    """The endpoint is gone for good (410)."""


@dataclass(frozen=True, slots=True)
class Unsendable:
    """There is nothing to send, now or later; that says nothing of the endpoint."""


Verdict = Delivered | RetryIn | Exhausted | DisableEndpoint | Unsendable


def delay_before(attempt: int, *, fraction: float) -> float:
    """
    How many seconds lie between the attempt before and *attempt*, which counts from 1.

    Args:
        fraction: Drawn evenly from 0 to 1 by the caller; 0.5 gives the schedule as it is written.

    Raises:
        ValueError: If there is no such attempt, or the fraction is not from 0 to 1.
    """
    if not 1 <= attempt <= MAX_ATTEMPTS:
        raise ValueError(f"attempts count from 1 to {MAX_ATTEMPTS}, not {attempt}")
    if not 0 <= fraction <= 1:
        raise ValueError(f"a fraction lies between 0 and 1, not {fraction}")
    return DELAYS_SECONDS[attempt - 1] * (1 - JITTER + 2 * JITTER * fraction)


def is_success(answer: DeliveryAnswer) -> bool:
    """Whether it was taken: only 2xx says so."""
    return answer.status is not None and 200 <= answer.status <= 299


def after_attempt(attempt: int, answer: DeliveryAnswer, *, now: datetime, fraction: float) -> Verdict:
    """
    What follows from the answer to *attempt*, which counts from 1.

    Only 2xx is success. ``Retry-After`` puts the next attempt off, by a day at most, and never brings it forward.

    Args:
        now: When the answer came, for a ``Retry-After`` that is a date.
        fraction: As in `delay_before`.

    Raises:
        ValueError: If there is no such attempt, or the fraction is not from 0 to 1.
    """
    if not 1 <= attempt <= MAX_ATTEMPTS:
        raise ValueError(f"attempts count from 1 to {MAX_ATTEMPTS}, not {attempt}")
    status = answer.status
    if is_success(answer):
        return Delivered()
    if status == GONE:
        return DisableEndpoint()
    if answer.error is DeliveryError.UNREADABLE_EVENT:
        return Unsendable()
    if attempt == MAX_ATTEMPTS:
        return Exhausted()
    asked = retry_after_seconds(answer.retry_after, now=now)
    scheduled = delay_before(attempt + 1, fraction=fraction)
    pause = (asked or THROTTLE_SECONDS) if status in THROTTLING else 0
    return RetryIn(max(scheduled, asked or 0, pause), pause_seconds=pause)


def retry_after_seconds(text: str | None, *, now: datetime) -> float | None:
    """What ``Retry-After`` asks for (RFC 9110, 10.2.3), from 0 to 24 hours; None when it says nothing we understand."""
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0), MAX_RETRY_AFTER_SECONDS)
