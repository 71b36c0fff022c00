"""What describes one exchange: a request, its answers, and how it is refused."""

from dataclasses import dataclass
from typing import Any

import msgspec

from entrypoints.http.openapi.refusals import LISTING, READING


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A successful answer.

    Attributes:
        kind: Its type on the wire, where it is not the one the handler declares.
        csv: The same as CSV, where the operation can.
    """

    description: str
    example: object
    kind: Any = None
    csv: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What an operation is sent, what it answers by status, and the statuses it refuses with."""

    request: msgspec.Struct | None = None
    answers: dict[int, Shown]
    refusals: tuple[int, ...]
    moves_money: bool = False


def reading(description: str, example: object) -> Exchange:
    """One thing that may not be there."""
    return Exchange(answers={200: Shown(description, example)}, refusals=READING)


def listing(example: object) -> Exchange:
    """A page."""
    return Exchange(answers={200: Shown("One page.", example)}, refusals=LISTING)
