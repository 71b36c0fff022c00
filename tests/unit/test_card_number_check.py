"""Bodies are looked through for card numbers, and pay little for it."""

import json
from typing import Any

import pytest

from core.domain.card_numbers import CardNumberFound
from entrypoints.http.card_number_check import check_for_card_numbers

CARD = "4242424242424242"
FULL_WIDTH = {ord(digit): 0xFF10 + int(digit) for digit in "0123456789"}


@pytest.mark.parametrize(
    "body",
    [
        f'{{"reference":"{CARD}"}}',
        '{"reference":"\\u0034242424242424242"}',
        f'{{"metadata":{{"a":[{CARD}]}}}}',
        f'{{"metadata":{{"{CARD}":1}}}}',
        f'{{"description":"{CARD.translate(FULL_WIDTH)}"}}',
        f'{{"items":[{{"id":"01a1fa0d-1fee-7317-98fb-cd925db56d7c"}},{{"reference":"{CARD}"}}]}}',
    ],
    ids=["text", "escaped", "number in metadata", "name in metadata", "other digits", "beside ids"],
)
def test_a_card_number_is_found_however_it_is_written(body: str) -> None:
    with pytest.raises(CardNumberFound):
        check_for_card_numbers(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        {"amount": int(CARD)},
        {"legs": [{"amount": int(CARD)}]},
        {"provider_ref": CARD},
        {"wallet_id": "42424242-4242-4242-4242-424242424242"},
        {"reference": "42424242424242424"},
        {"description": "Grüße"},
    ],
)
def test_amounts_ids_and_what_providers_call_things_pass(body: dict[str, Any]) -> None:
    check_for_card_numbers(json.dumps(body).encode())
    check_for_card_numbers(json.dumps(body, ensure_ascii=False).encode())
