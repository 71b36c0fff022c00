"""Instants in query strings: RFC 3339, with an offset."""

from datetime import datetime

from entrypoints.http.problems import MalformedRequest


def aware(moment: datetime, name: str = "at") -> datetime:
    """
    Give *moment* back when it says which instant it is.

    Raises:
        MalformedRequest: 400, if it has no offset.
    """
    if moment.tzinfo is None:
        raise MalformedRequest(
            400, f"{name}: give an offset, such as 2026-11-01T00:00:00Z", code="invalid_field", pointer=f"#/{name}"
        )
    return moment
