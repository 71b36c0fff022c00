"""Cursors: opaque to clients, and right while writers write."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from entrypoints.http.problems import MalformedRequest

MAX_PAGE = 100
DEFAULT_PAGE = 50

Item = TypeVar("Item")
Kind = TypeVar("Kind")

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(description="`next_cursor` of the page before.", max_length=512, required=False),
]


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def write_cursor(*position: Any) -> str:
    """A position as clients hand it back."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: type[Kind]) -> Kind | None:
    """
    The position a cursor stands for, as a tuple of *kind*.

    Raises:
        MalformedRequest: 400, if it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        raise MalformedRequest(
            400, "cursor: not a cursor of this list", code="invalid_cursor", pointer="#/cursor"
        ) from None
