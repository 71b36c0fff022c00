"""Sealed values: unreadable, unchanged, and at home in one place only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.crypto.cipher import AesGcmCipher
from ports.cipher import SealBroken

SECRET, OTHER = b"a sealing key of the tests, long enough", b"another sealing key of the tests, as long"
PLACE = "webhook_endpoints|sealed_secrets|tenant|endpoint"
CIPHER = AesGcmCipher(SECRET)


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_can_be_opened_where_it_belongs(plaintext: bytes, context: str) -> None:
    assert CIPHER.open(CIPHER.seal(plaintext, context=context), context=context) == plaintext


def test_the_same_value_is_sealed_differently_each_time_and_names_its_version_and_key() -> None:
    first, second = (CIPHER.seal(b"secret", context=PLACE) for _ in range(2))

    assert first != second
    assert first.split(b"|")[:2] == second.split(b"|")[:2]
    assert first.startswith(b"v1|")
    assert b"secret" not in first
    assert SECRET not in first


@pytest.mark.parametrize("context", ["", PLACE.upper(), PLACE + "2", "webhook_endpoints|sealed_secrets|other|endpoint"])
def test_a_sealed_value_that_was_moved_stays_shut(context: str) -> None:
    with pytest.raises(SealBroken):
        CIPHER.open(CIPHER.seal(b"secret", context=PLACE), context=context)


def test_no_bit_of_a_sealed_value_may_change() -> None:
    sealed = CIPHER.seal(b"secret", context=PLACE)
    for place in range(len(sealed)):
        for bit in (1, 128):
            changed = bytearray(sealed)
            changed[place] ^= bit
            with pytest.raises(SealBroken):
                CIPHER.open(bytes(changed), context=PLACE)


@pytest.mark.parametrize("cut", [0, 1, 3, 12, 20, 30])
def test_a_part_of_a_sealed_value_is_none(cut: int) -> None:
    with pytest.raises(SealBroken):
        CIPHER.open(CIPHER.seal(b"secret", context=PLACE)[:cut], context=PLACE)


def test_a_new_key_seals_while_the_former_one_still_opens() -> None:
    sealed = CIPHER.seal(b"secret", context=PLACE)
    rotated = AesGcmCipher(OTHER, former=[SECRET])

    assert rotated.open(sealed, context=PLACE) == b"secret"
    with pytest.raises(SealBroken):
        CIPHER.open(rotated.seal(b"secret", context=PLACE), context=PLACE)
    with pytest.raises(SealBroken):
        AesGcmCipher(OTHER).open(sealed, context=PLACE)


def test_a_cipher_does_not_show_its_key() -> None:
    assert repr(CIPHER) == "AesGcmCipher(***)"
