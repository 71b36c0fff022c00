"""Card numbers are recognised as people write them, and nothing else is."""

import pytest

from core.domain.card_numbers import CardNumberFound, holds_card_number, refuse_card_numbers, without_card_numbers

CARDS = [
    "4242424242424242",
    "4000002500003155",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3566002020360505",
    "6200000000000005",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("written", ["{}", "card {} please", "pm_{}", "({})", "{}, 12/30", '"{}"', "{} 123"])
def test_a_card_number_is_found_wherever_it_stands(card: str, written: str) -> None:
    groups = " ".join(card[at : at + 4] for at in range(0, len(card), 4))
    arabic = card.translate({ord(digit): 0x0660 + int(digit) for digit in "0123456789"})
    separated = [groups.replace(" ", separator) for separator in " -\u00a0\u2011"]
    for text in (card, arabic, *separated):
        said = written.format(text)
        assert holds_card_number(said), said
        assert card[-4:] not in without_card_numbers(said)
        assert arabic[-4:] not in without_card_numbers(said)


@pytest.mark.parametrize(
    "text",
    ["3782 822463 10005", "3056-930902-5904", "4222 222 222 222", "42424242 42424242", "620000 0000000000000"],
)
def test_it_is_found_in_the_groups_of_its_scheme(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424241",  # the check digit is wrong
        "9999999999999995",  # no issuer begins so
        "1763656452123",  # a moment in milliseconds
        "42424242424242424242",  # too long for one
        "424242424242",  # too short
        "a4242424242424242b",  # a part of something else
        "DE89370400440532013000",
        "00000000-4242-4242-4242-424242424242",
        "2026-11-20 12:00",
        "0000000000000000",
        "1763665433-0-424242424-2422",  # a moment, a number and a chance, as in many idempotency keys
        "4-242424242424242",
        "424242424-2424242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert not holds_card_number(text)
    assert without_card_numbers(text) == text


def test_the_place_is_named_and_the_number_is_not() -> None:
    card = CARDS[0]
    for value, pointer in (
        ({"a": card}, "#/a"),
        ({"a": {"b/c~d": ["", card]}}, "#/a/b~1c~0d/1"),
        ({"a": {card: 1}}, "#/a"),
        ({"a": int(card)}, "#/a"),
    ):
        with pytest.raises(CardNumberFound) as found:
            refuse_card_numbers(value)
        assert found.value.pointer == pointer
        assert card not in str(found.value)
    refuse_card_numbers({"a": [None, True, 1.5, {"b": "text"}]})
