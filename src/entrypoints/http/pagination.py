"""Cursors: opaque to clients, and right while writers write."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from entrypoints.http.field_errors import field_error
from entrypoints.http.problem_types import INVALID_CURSOR
from entrypoints.http.problems import MalformedRequest

MAX_PAGE = 100
DEFAULT_PAGE = 50

Found = TypeVar("Found")
Item = TypeVar("Item")

Moment = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a listing stands. Each list has its own, tagged with its name, so that cursors are not mixed up."""


Place = TypeVar("Place", bound=Position)


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def one_page(
    found: Sequence[Found], limit: int, shown: Callable[[Found], Item], position: Callable[[Found], Position]
) -> Page[Item]:
    """The first *limit* of what was found; one more than that was asked for, to know whether there is more."""
    kept = found[:limit]
    more = write_cursor(position(kept[-1])) if len(found) > limit else None
    return Page([shown(each) for each in kept], more)


def write_cursor(position: Position) -> str:
    """A position as clients hand it back."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: type[Place]) -> Place | None:
    """
    The position of *kind* that a cursor stands for.

    Raises:
        MalformedRequest: 400, if it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        position = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
        if write_cursor(position) == cursor and _is_in_utc(position):
            return position
    except (ValueError, RecursionError):  # not base64, not JSON, or of another shape
        pass
    raise MalformedRequest(INVALID_CURSOR, field_error(["cursor"], "not a cursor of this list"))


def _is_in_utc(position: Position) -> bool:
    """As we write instants; another offset, forged, could overflow on its way to the database."""
    return not any(isinstance(value, datetime) and value.utcoffset() for value in msgspec.structs.astuple(position))
