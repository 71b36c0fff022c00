"""No body with a card number goes past this: PCI DSS 3.3 lets us keep none (core.domain.card_numbers)."""

import json
import re
from typing import Any, cast

from core.domain.card_numbers import MIN_DIGITS, refuse_card_numbers

_ANY_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_BETWEEN = b" -"
_ENOUGH = b"0" * MIN_DIGITS
_UUID = re.compile(rb'"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"')
_ESCAPE = rb"\u"
_FREE = "metadata"
"""Where numbers are whatever clients like; elsewhere they are amounts, positions and counts."""
_PROVIDERS_OWN = frozenset({"provider_ref"})
"""What a provider calls something: some have only digits."""


def check_for_card_numbers(body: bytes) -> None:
    """
    Let pass a JSON body without card numbers, in texts and in the names and numbers of metadata.

    Raises:
        CardNumberFound: With a pointer to the field, and without the number.
    """
    if _can_hold_one(body):
        refuse_card_numbers(_of_clients(json.loads(body)))


def _can_hold_one(body: bytes) -> bool:
    """Cheap: nearly all bodies are sorted out here, also large ones full of ids."""
    if not body.isascii() or _ESCAPE in body:
        return True
    return _has_enough_digits(body) and _has_enough_digits(_UUID.sub(b"", body))


def _has_enough_digits(body: bytes) -> bool:
    """As many in a row as the shortest number has; no regular expression, which would take ten times as long."""
    return _ENOUGH in body.translate(_ANY_DIGIT, _BETWEEN)


def _of_clients(value: Any, *, is_free: bool = False) -> Any:
    """The body without the numbers that mean something to us."""
    if isinstance(value, dict):
        members = cast(dict[str, Any], value).items()
        return {
            name: _of_clients(inner, is_free=is_free or name == _FREE)
            for name, inner in members
            if name not in _PROVIDERS_OWN
        }
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON of any shape
        return [_of_clients(inner, is_free=is_free) for inner in items]
    return value if is_free or isinstance(value, str) else None
