"""Reading an API key, whatever is presented."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.domain.access import (
    BASE62,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    Environment,
    NotAuthenticated,
    compose_key,
    parse_key,
)
from strategies import LAW

ENVIRONMENTS = st.sampled_from(Environment)
KEY_IDS = st.text(BASE62, min_size=KEY_ID_LENGTH, max_size=KEY_ID_LENGTH)
SECRETS = st.text(BASE62, min_size=SECRET_LENGTH, max_size=SECRET_LENGTH)
KEYS = st.builds(compose_key, ENVIRONMENTS, KEY_IDS, SECRETS)
NEARLY_KEYS = st.from_regex(r"bsr_(live|test|prod)_[0-9A-Za-z]{12}_[0-9A-Za-z_]{43}_[0-9A-Za-z]{6}", fullmatch=True)


@LAW
@given(ENVIRONMENTS, KEY_IDS, SECRETS)
def test_a_key_comes_apart_as_it_was_put_together(environment: Environment, key_id: str, secret: str) -> None:
    assert parse_key(compose_key(environment, key_id, secret)) == (environment, key_id, secret)


@LAW
@given(KEYS, st.integers(0), st.characters())
def test_one_wrong_character_anywhere_is_refused(key: str, position: int, wrong: str) -> None:
    position %= len(key)
    assume(key[position] != wrong)
    with pytest.raises(NotAuthenticated):
        parse_key(key[:position] + wrong + key[position + 1 :])


@LAW
@given(st.one_of(st.text(), NEARLY_KEYS, KEYS, st.uuids().map(UUID.__str__)))
def test_whatever_is_presented_is_a_key_or_refused(presented: str) -> None:
    try:
        parsed = parse_key(presented)
    except NotAuthenticated:
        return
    assert compose_key(*parsed) == presented
