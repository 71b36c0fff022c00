"""
Checkpoints: what is signed, byte for byte.

The digests below were computed from RFC 6962, section 2.1, and the words of docs/ledger-export.md, without our code.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import pack
from uuid import UUID

import pytest

from builders import OTHER_TENANT, TENANT
from core.domain.chain import GENESIS
from core.domain.checkpoints import Checkpoint, merkle_root
from core.domain.integrity import Head

SIGNATURE = bytes([4]) * 64
CHECKPOINT = Checkpoint(
    tenant_id=TENANT,
    number=7,
    taken_at=datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC),
    previous=bytes([1]) * 32,
    root=bytes([2]) * 32,
    head_count=5,
    public_key=bytes([3]) * 32,
    signature=SIGNATURE,
)


def head(number: int) -> Head:
    """The account of that number, which has as many entries and owes a hundred for each."""
    return Head(UUID(int=number), "USD", number, -100 * number, bytes([number]) * 32)


def heads(count: int) -> list[Head]:
    """The first *count* of them."""
    return [head(number) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "root"),
    [
        (1, "f413c99945f2afd181a447209c90c492b0c29c596b66ffbf530e52d44a0f6e98"),
        (2, "db3eba36507a006f8fea06871e8b04a2d7bbdbda660e7c441ee7578648a67f3a"),
        (3, "005ebc1572f568ae283a9acea7846264ff59cb2f7db5afaab0dc51ff432f54cd"),
        (5, "a418e0041fa73cc8e603205a45ff705bb10d95cb093a7d3207e3314331e4dcfc"),
        (8, "52e40bfe3b55d8d58c426f59ff400e73976195579c9a563b2dfbe0a3b98af916"),
    ],
)
def test_the_root_over_account_heads_is_pinned(count: int, root: str) -> None:
    assert merkle_root(heads(count)).hex() == root


@pytest.mark.parametrize("count", range(1, 70))
def test_the_tree_has_the_shape_of_rfc_6962(count: int) -> None:
    """Split at the largest power of two below the number of leaves, as the RFC words it."""

    def tree(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return sha256(b"\0" + leaves[0]).digest()
        split = 1 << (len(leaves) - 1).bit_length() - 1
        return sha256(b"\1" + tree(leaves[:split]) + tree(leaves[split:])).digest()

    leaves = [pack(">16sqq32s", one.account_id.bytes, one.sequence, one.balance, one.chain) for one in heads(count)]
    assert merkle_root(heads(count)) == tree(leaves)


def test_no_heads_have_a_root_that_is_never_signed() -> None:
    assert merkle_root([]) == GENESIS


@pytest.mark.parametrize(
    "change", [{"account_id": UUID(int=9)}, {"sequence": 9}, {"balance": 9}, {"chain": bytes(32)}], ids=str
)
def test_no_word_of_a_head_can_change_unseen(change: dict[str, object]) -> None:
    changed = [head(1), replace(head(2), **change), head(3)]  # type: ignore[arg-type]  # any field
    assert merkle_root(changed) != merkle_root(heads(3))


def test_heads_can_neither_be_swapped_nor_come_twice_unseen() -> None:
    one, two, three = heads(3)
    roots = {merkle_root(list(some)) for some in ([one, two, three], [two, one, three], [one, two, three, three])}
    assert len(roots) == 3


def test_what_is_signed_is_pinned() -> None:
    assert CHECKPOINT.payload.hex() == (
        "6275727361722e636865636b706f696e742e31"
        "0198000000007000800000000000007e"
        "0000000000000007"
        "00065f49e2a73240" + "01" * 32 + "02" * 32 + "0000000000000005"
    )


def test_what_the_next_checkpoint_signs_of_this_one_is_pinned() -> None:
    assert CHECKPOINT.digest.hex() == "bd4d9db3096e5b03f5ff511e542a6b4c736b0a425576a39b1cfbb4ba2a43c152"


CHANGES: dict[str, object] = {
    "tenant_id": OTHER_TENANT,
    "number": 8,
    "taken_at": CHECKPOINT.taken_at + timedelta(microseconds=1),
    "previous": bytes(32),
    "root": bytes(32),
    "head_count": 6,
}


@pytest.mark.parametrize("field", CHANGES)
def test_no_word_of_a_checkpoint_can_change_under_its_signature(field: str) -> None:
    changed = replace(CHECKPOINT, **{field: CHANGES[field]})  # type: ignore[arg-type]  # any field
    assert changed.payload != CHECKPOINT.payload


def test_the_test_above_knows_every_word_of_a_checkpoint() -> None:
    assert set(CHANGES) | {"public_key", "signature"} == {field.name for field in fields(Checkpoint)}


def test_the_next_checkpoint_signs_this_one_s_signature_too() -> None:
    assert replace(CHECKPOINT, signature=bytes(64)).digest != CHECKPOINT.digest
