"""
Card numbers where none may be: PCI DSS 3.3 lets us keep none, and what never came in cannot leak (design: standards).

A number counts as one when it has 13 to 19 digits, in one piece or in groups as people write cards, begins like an
issuer's, and its check digit is right (ISO/IEC 7812-1, Luhn). Groups have one space or hyphen between them and 3 to 8
digits, the last one maybe fewer, or are 6 and 13: what joins a moment, a count and a chance, as idempotency keys often
do, is no card.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from unicodedata import decimal, normalize

from core.domain.errors import Rejected

MIN_DIGITS, MAX_DIGITS = 13, 19
_MASK = "[card number]"
_LEAST_IN_GROUP, _MOST_IN_GROUP = 3, 8
_LONG_GROUPS = (6, 13)

_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_RUN = re.compile(r"(?<![0-9A-Za-z])[0-9]+(?:[ -][0-9]+)*(?![0-9A-Za-z])")
_GROUP = re.compile(r"[0-9]+")
_ENOUGH = re.compile(r"(?:[0-9][ -]?){13}")
"""Most texts have not even the digits for one."""
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),  # Visa
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),  # Mastercard
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),  # American Express
    (300, 305, frozenset(range(14, 20))),  # Diners Club
    (36, 36, frozenset(range(14, 20))),  # Diners Club
    (38, 39, frozenset(range(14, 20))),  # Diners Club
    (3528, 3589, frozenset(range(16, 20))),  # JCB
    (6011, 6011, frozenset(range(16, 20))),  # Discover
    (644, 659, frozenset(range(16, 20))),  # Discover, RuPay
    (62, 62, frozenset(range(16, 20))),  # UnionPay
    (81, 82, frozenset(range(16, 20))),  # UnionPay, RuPay
    (508, 508, frozenset({16})),  # RuPay
    (2200, 2204, frozenset(range(16, 20))),  # Mir
    (5018, 5018, frozenset(range(13, 20))),  # Maestro
    (5020, 5020, frozenset(range(13, 20))),  # Maestro
    (5038, 5038, frozenset(range(13, 20))),  # Maestro
    (5893, 5893, frozenset(range(13, 20))),  # Maestro
    (6304, 6304, frozenset(range(13, 20))),  # Maestro
    (6759, 6759, frozenset(range(13, 20))),  # Maestro
    (6761, 6763, frozenset(range(13, 20))),  # Maestro
)
"""First digits, from and to, and the lengths that go with them (ISO/IEC 7812-1; the schemes' published ranges)."""


class CardNumberFound(Rejected):
    """A field holds what looks like a card number: send the provider's token instead. The number is not repeated."""

    code = "pan_detected"
    title = "This looks like a card number"


def refuse_card_numbers(value: object) -> None:
    """
    Let pass what holds no card number: texts, whole numbers, and everything inside of lists and mappings, names too.

    Raises:
        CardNumberFound: With a JSON pointer to the first place; the name of a member is told by where it is in.
    """
    for pointer in _places(value, "#"):
        raise CardNumberFound("card numbers do not belong here; send the provider's token", pointer=pointer)


def holds_card_number(text: str) -> bool:
    """Whether a card number is anywhere in it."""
    return next(_spans(plain_digits(text)), None) is not None


def without_card_numbers(text: str) -> str:
    """The same text for people and logs, with every card number replaced."""
    plain = plain_digits(text)
    kept: list[str] = []
    begin = 0
    for start, end in _spans(plain):  # once over the text: a body may be full of them
        if start >= begin:
            kept += (plain[begin:start], _MASK)
            begin = end
    return "".join((*kept, plain[begin:])) if kept else text


def _places(value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if holds_card_number(value):
            yield pointer
    elif isinstance(value, int):
        if holds_card_number(str(value)):
            yield pointer
    elif isinstance(value, Mapping):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]  # whatever JSON holds
            if holds_card_number(str(name)):  # pyright: ignore[reportUnknownArgumentType]  # as above
                yield pointer
            step = str(name).replace("~", "~0").replace("/", "~1")  # pyright: ignore[reportUnknownArgumentType]  # as above
            yield from _places(inner, f"{pointer}/{step}")  # pyright: ignore[reportUnknownArgumentType]  # as above
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for place, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # as above
            yield from _places(inner, f"{pointer}/{place}")  # pyright: ignore[reportUnknownArgumentType]  # as above


def plain_digits(text: str) -> str:
    """The text with digits, spaces and hyphens of other alphabets as ASCII's."""
    if text.isascii():
        return text
    plain = normalize("NFKC", text).translate(_HYPHENS)
    return "".join(str(decimal(character)) if character.isdecimal() else character for character in plain)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers are: whole groups of digits only, outside of UUIDs."""
    if _ENOUGH.search(text) is None:
        return
    kept = _UUID.sub(lambda found: "x" * len(found[0]), text)
    for run in _RUN.finditer(kept):
        groups = [(group.start(), group.end()) for group in _GROUP.finditer(kept, run.start(), run.end())]
        for first in range(len(groups)):
            digits = ""
            for start, end in groups[first:]:
                if digits and end - start > _MOST_IN_GROUP and (len(digits), end - start) != _LONG_GROUPS:
                    break
                digits += kept[start:end]
                if len(digits) > MAX_DIGITS:
                    break
                if _is_card_number(digits):
                    yield groups[first][0], end
                if not _LEAST_IN_GROUP <= end - start <= _MOST_IN_GROUP:
                    break


def _is_card_number(digits: str) -> bool:
    return len(digits) >= MIN_DIGITS and _has_issuer(digits) and _luhn_sum(digits) % 10 == 0


def _has_issuer(digits: str) -> bool:
    return any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last for first, last, lengths in _ISSUERS
    )


def _luhn_sum(digits: str) -> int:
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return sum(map(int, digits[::-2])) + sum(doubled)
