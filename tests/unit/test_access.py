"""API keys: their shape, and how long they open anything."""

from datetime import timedelta

import pytest

from builders import NOON, WEEK, ApiKeyFactory
from core.domain.access import BASE62, Environment, NotAuthenticated, ParsedKey, compose_key, parse_key
from core.domain.identifiers import ApiKeyId

SECRET = "0123456789abcdefghijABCDEFGHIJ0123456789xyz"
KEY = compose_key(Environment.LIVE, "k3yk3yk3yk3y", SECRET)


@pytest.mark.parametrize("environment", Environment)
def test_a_key_comes_apart_as_it_was_put_together(environment: Environment) -> None:
    parsed = parse_key(compose_key(environment, "k3yk3yk3yk3y", SECRET))
    assert parsed == ParsedKey(environment, ApiKeyId("k3yk3yk3yk3y"), SECRET)


def test_the_shape_of_a_key_is_pinned_for_secret_scanners() -> None:
    """The checksum was computed without our code: CRC-32 of all before it, as six digits to the base 62."""
    assert f"bsr_live_k3yk3yk3yk3y_{SECRET}_359uFi" == KEY


@pytest.mark.parametrize("position", range(len(KEY)))
def test_a_key_with_one_wrong_character_is_refused(position: int) -> None:
    for wrong in BASE62 + "_- \n\u0130":
        if wrong != KEY[position]:
            with pytest.raises(NotAuthenticated):
                parse_key(KEY[:position] + wrong + KEY[position + 1 :])


@pytest.mark.parametrize("position", range(len(KEY)))
def test_a_key_with_a_character_missing_or_doubled_is_refused(position: int) -> None:
    for wrong in (KEY[:position] + KEY[position + 1 :], KEY[:position] + KEY[position] + KEY[position:]):
        with pytest.raises(NotAuthenticated):
            parse_key(wrong)


@pytest.mark.parametrize("position", range(len(KEY) - 1))
def test_a_key_with_two_neighbours_swapped_is_refused(position: int) -> None:
    left, right = KEY[position], KEY[position + 1]
    if left != right:
        with pytest.raises(NotAuthenticated):
            parse_key(KEY[:position] + right + left + KEY[position + 2 :])


@pytest.mark.parametrize("presented", ["", "bsr_", KEY + "\n", " " + KEY, KEY * 2, KEY.upper(), "Bearer " + KEY])
def test_what_is_not_a_key_is_refused(presented: str) -> None:
    with pytest.raises(NotAuthenticated):
        parse_key(presented)


def test_the_refusal_does_not_repeat_what_was_presented() -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        parse_key(KEY[:-1] + "!")
    assert SECRET not in str(refusal.value)
    assert refusal.value.facts == {}


def test_a_key_opens_until_the_moment_it_expires() -> None:
    key = ApiKeyFactory.build()
    assert key.is_live_at(NOON)
    assert key.is_live_at(NOON + WEEK - timedelta(microseconds=1))
    assert not key.is_live_at(NOON + WEEK)


def test_a_revoked_key_opens_nothing() -> None:
    assert not ApiKeyFactory.build(revoked_at=NOON).is_live_at(NOON)
