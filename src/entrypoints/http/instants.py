"""Instants in query strings: RFC 3339, with an offset."""

from datetime import UTC, datetime, timedelta

import msgspec

from entrypoints.http.problems import invalid_parameter

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing was posted before: earlier instants mean this one, so that arithmetic with them cannot overflow."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a client's clock may be ahead of ours before an instant counts as one to come."""


def read_instant(text: str, name: str) -> datetime:
    """
    The instant *text* names, in UTC, from 1970 on.

    Raises:
        MalformedRequest: 400, if it is not RFC 3339 with an offset.
    """
    try:
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is None:
            raise invalid_parameter(name, "give an offset, such as 2026-11-01T00:00:00Z")
        return max(moment.astimezone(UTC), _FIRST)
    except msgspec.ValidationError:
        raise invalid_parameter(name, "give an instant in RFC 3339, such as 2026-11-01T00:00:00Z") from None
    except OverflowError:
        raise invalid_parameter(name, "is out of range") from None


def read_past_instant(text: str, name: str, *, now: datetime) -> datetime:
    """
    The same, but not later than *now*: what is still to come has no balance yet.

    Raises:
        MalformedRequest: 400, if it lies ahead.
    """
    moment = read_instant(text, name)
    if moment > now + CLOCK_TOLERANCE:
        raise invalid_parameter(name, "must not lie in the future")
    return moment
