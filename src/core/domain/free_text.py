"""
Text that a provider wrote, made fit for logs and tables.

Wider than `core.domain.card_numbers`, which refuses what certainly looks like a card: here nobody needs the number, so
anything as long as a card's or an account's goes, and addresses too.
"""

import re

from core.domain.card_numbers import plain_digits

_EMAIL = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]{1,255}")
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){11,18}")
"""What may be the number of a card or an account (PCI DSS 3.3): 12 to 19 digits, with single spaces or dashes."""


def without_personal_details(text: str) -> str:
    """*text* with e-mail addresses, and numbers as long as a card's, struck out; control characters become spaces."""
    plain = plain_digits(text)
    printable = "".join(character if character.isprintable() else " " for character in plain)
    return _LONG_NUMBER.sub("[number]", _EMAIL.sub("[address]", printable))
