"""What a provider sent is kept as it came, but for card numbers."""

import json

import pytest

from core.domain.card_numbers import holds_card_number
from core.domain.stored_bodies import storable

CARD = "4242424242424242"
NOTHING_NAMED = frozenset[str]()


@pytest.mark.parametrize(
    "body",
    [
        b'{ "id" : "evt_1",  "amount": 1.50, "amount": 4242, "\xc3\xa4": [true, null] }',
        b'{"id": "7f0c2a5e-4242-4242-8242-424242424242"}',
        b"no json: \xff\xfe 4242",
        b"",
        b"[" * 100_000,
        b'{"long": ' + b"1" * 5_000 + b"}",
    ],
)
def test_without_a_card_number_every_byte_stays(body: bytes) -> None:
    assert storable(body, names=NOTHING_NAMED) == body


@pytest.mark.parametrize(
    "body",
    [
        {"id": "evt_1", "note": f"card {CARD}, thanks"},
        {"id": "evt_1", "note": "4242 4242-4242 4242"},
        {"id": "evt_1", "deep": [{"number": int(CARD)}]},
        {"id": "evt_1", CARD: "as a name"},
        {"id": "evt_1", "number": float(CARD)},
        {"id": "evt_1", "note": "\uff14\uff12\uff14\uff12" * 4},
    ],
)
def test_a_card_number_anywhere_in_a_document_is_not_kept(body: dict[str, object]) -> None:
    kept = storable(json.dumps(body).encode(), names=NOTHING_NAMED)

    assert not holds_card_number(kept.decode())
    assert json.loads(kept)["id"] == "evt_1"
    assert "[card number]" in json.dumps(json.loads(kept))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "4242424242424242", "a": "the reader sees this alone"}',
        b'{"a": "\\u0034242424242424242"}',
        b"number=4242424242424242&rest=1",
        b"\xff 4242-4242-4242-4242 \xff",
        b'{"a": "4242424242424242", "half": "\\ud83d"}',
        b"4242424242424242," * 3_000,
        b"[" * 100_000 + b"4242424242424242",
    ],
)
def test_a_card_number_is_not_kept_however_it_hides(body: bytes) -> None:
    kept = storable(body, names=NOTHING_NAMED)

    assert b"4242424242424242" not in kept
    assert not holds_card_number(kept.decode(errors="replace"))
    if kept.startswith(b"{"):
        assert not holds_card_number(json.dumps(json.loads(kept)))


def test_what_the_provider_calls_things_stays_though_it_may_look_like_a_card_number() -> None:
    body = json.dumps({"id": CARD, "payment": f"p-{CARD}", "card": "5555555555554444"}).encode()

    kept = json.loads(storable(body, names=frozenset({CARD, "evt_1"})))

    assert kept == {"id": CARD, "payment": f"p-{CARD}", "card": "[card number]"}
    assert storable(f"id={CARD}".encode(), names=frozenset({CARD})) == f"id={CARD}".encode()
