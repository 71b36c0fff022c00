"""The Idempotency-Key header: a quoted string of RFC 9651, or bare as many clients send it."""

import pytest

from entrypoints.http.idempotency import parse_key
from entrypoints.http.problems import MalformedRequest


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("order-1", "order-1"),
        ('"order-1"', "order-1"),
        ("  order-1\t", "order-1"),
        (' "order-1" ', "order-1"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("!~", "!~"),
        ('a"b', 'a"b'),
        (r'"a\"b\\c"', r"a\"b\\c".replace(r"\"", '"').replace(r"\\", "\\")),
        ("k" * 255, "k" * 255),
        (f'"{"k" * 255}"', "k" * 255),
    ],
)
def test_a_key_is_1_to_255_visible_ascii_characters_bare_or_quoted(header: str, key: str) -> None:
    assert parse_key(header) == key


def test_a_missing_key_is_told_as_missing() -> None:
    with pytest.raises(MalformedRequest) as refusal:
        parse_key(None)
    assert (refusal.value.kind.status, refusal.value.kind.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    "header",
    ["", " ", '""', "k" * 256, f'"{"k" * 256}"', "order 1", '"order 1"', "order\t1", "ordér", "\x7f", "a\x00b", "a\nb"],
)
def test_any_other_key_is_told_as_invalid(header: str) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        parse_key(header)
    assert (refusal.value.kind.status, refusal.value.kind.code) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize("header", ['"', '"order-1', '"order"1"', r'"order\1"', '"order-1";a=1'])
def test_a_broken_string_is_not_taken_for_a_bare_key(header: str) -> None:
    """Else a client whose quotes broke would have two keys for one request."""
    with pytest.raises(MalformedRequest) as refusal:
        parse_key(header)
    assert refusal.value.kind.code == "invalid_idempotency_key"
