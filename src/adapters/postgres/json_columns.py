"""Small values kept as JSON beside a row: encoded and decoded as their dataclasses."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: object) -> str | None:
    """JSON text, or None for None."""
    return None if value is None else msgspec.json.encode(value).decode()


def from_json(text: str | None, kind: type[T]) -> T | None:
    """What the text keeps, as *kind*; None for None."""
    return None if text is None else msgspec.json.decode(text, type=kind)
