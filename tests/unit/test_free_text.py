"""Text of others is made fit for logs."""

import pytest

from core.domain.free_text import without_personal_details


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("card 4242 4242 4242 4242 refused", "card [number] refused"),
        ("card 4242-4242-4242-4242.", "card [number]."),
        ("card4242424242424242x", "card[number]x"),
        ("card 4242\u20114242\u20114242\u20114242", "card [number]"),
        ("card \u0664\u0662\u0664\u0662" + "4242" * 3, "card [number]"),
        ("of payer@shop.example, sorry", "of [address], sorry"),
        ("a\nb\x00c\x1b[31m", "a b c [31m"),
        ("order 12345 of 2026-11-20", "order 12345 of 2026-11-20"),
    ],
)
def test_card_numbers_addresses_and_control_characters_are_struck_out(text: str, fit: str) -> None:
    assert without_personal_details(text) == fit
