"""Where a request is at fault, and why, in words for people."""

import re

import msgspec

from core.domain.card_numbers import without_card_numbers

_PATTERN = re.compile(r"^Expected `[^`]*` matching regex '(.*)'$", re.DOTALL)
_END_OF_TEXT = r"(?!\n)"
_LONGEST_DETAIL = 300


class FieldError(msgspec.Struct, frozen=True):
    """One field at fault: where (a JSON pointer into the body, or the name of a parameter) and why."""

    pointer: str
    detail: str


def field_error(steps: list[str], what: str) -> FieldError:
    """What is wrong with the field at *steps*; without steps, with the body as a whole. No card number is repeated."""
    steps, what = [without_card_numbers(step) for step in steps], without_card_numbers(what)
    name = "/".join(steps) or "body"
    return FieldError(pointer_to(steps), f"{name}: {_plainly(what)}"[:_LONGEST_DETAIL])


def pointer_to(steps: list[str]) -> str:
    """The JSON pointer (RFC 6901), as a URI fragment."""
    return "#" + "".join("/" + step[:_LONGEST_DETAIL].replace("~", "~0").replace("/", "~1") for step in steps)


def _plainly(what: str) -> str:
    """Msgspec's own words, but for regular expressions, which it writes as Python would."""
    if match := _PATTERN.match(what):
        return "must match " + match[1].replace("\\\\", "\\").replace(_END_OF_TEXT, "")
    return what
