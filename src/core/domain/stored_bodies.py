"""
What a provider sent, as it may be kept: byte for byte, but for card numbers (PCI DSS 3.3).

Its signature was checked over the bytes that came; a digest of those tells a repetition from another message.
"""

import json
import re
from typing import Any, cast

from core.domain.card_numbers import holds_card_number, without_card_numbers

_ESCAPED = "surrogateescape"
"""Bytes that are no UTF-8 come through unharmed."""

_LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Half a character, which JSON may escape and UTF-8 cannot write; the gap is what `_ESCAPED` makes of other bytes."""

_NO_JSON = object()


def storable(body: bytes, *, names: frozenset[str]) -> bytes:
    """
    *body* without card numbers: the very same bytes when it holds none, else written anew.

    *names* stay: what the provider calls things, which some do by digits alone.
    """
    kept = frozenset(name for name in names if holds_card_number(name))
    text = body.decode(errors=_ESCAPED)
    document = _document(text)
    if document is _NO_JSON:
        return _without(text, kept).encode(errors=_ESCAPED)
    masked = _masked(document, kept)
    if masked == document and _without(text, kept) == text:
        return body
    written = json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
    # Once more as text: digits on both sides of a decimal point are no member's value.
    escaped = _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", _without(written, kept))
    return escaped.encode(errors=_ESCAPED)


def _document(text: str) -> object:
    """What the JSON says; a name given twice counts once."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON


def _masked(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        members = cast(dict[str, Any], value).items()
        return {_without(name, names): _masked(inner, names) for name, inner in members}
    if isinstance(value, list):
        return [_masked(inner, names) for inner in value]  # pyright: ignore[reportUnknownVariableType]  # whatever JSON holds
    if isinstance(value, str):
        return _without(value, names)
    if isinstance(value, int | float):
        written = str(value)
        return value if _without(written, names) == written else _without(written, names)
    return value


def _without(text: str, names: frozenset[str]) -> str:
    if not names:
        return without_card_numbers(text)
    parts = re.split(f"({'|'.join(map(re.escape, sorted(names)))})", text)
    return "".join(part if part in names else without_card_numbers(part) for part in parts)
