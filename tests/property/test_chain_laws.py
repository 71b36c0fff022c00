"""No two different transfers have the same canonical bytes."""

from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from builders import NOON, TENANT
from core.domain.chain import entry_hash, microseconds, transfer_digest
from core.domain.identifiers import AccountId, HoldId, TransferId
from strategies import AMOUNTS, ASSET_CODES, BALANCES, LAW

TEXTS = st.none() | st.text(max_size=6)
TRANSFERS = st.fixed_dictionaries(
    {
        "tenant_id": st.just(TENANT),
        "transfer_id": st.uuids().map(TransferId),
        "type": st.sampled_from(["topup", "transfer", "hold"]),
        "posted_at": st.integers(-(10**15), 10**15).map(lambda moment: NOON + timedelta(microseconds=moment)),
        "entry_count": st.integers(2, 1000),
        "trace_id": st.text(max_size=6),
        "reference": TEXTS,
        "description": TEXTS,
        "metadata": TEXTS,
        "reversal_of": st.none() | st.uuids().map(TransferId),
        "hold_id": st.none() | st.uuids().map(HoldId),
    }
)
ENTRIES = st.fixed_dictionaries(
    {
        "previous": st.binary(min_size=32, max_size=32),
        "tenant_id": st.just(TENANT),
        "account_id": st.uuids().map(AccountId),
        "asset": ASSET_CODES,
        "transfer": st.binary(min_size=32, max_size=32),
        "sequence": st.integers(1, 2**62),
        "direction": st.sampled_from([-1, 1]),
        "leg": st.integers(0, 1999),
        "amount": AMOUNTS,
        "balance_after": BALANCES,
    }
)
WORDS = ["type", "trace_id", "reference", "description", "metadata"]


@LAW
@given(TRANSFERS, TRANSFERS)
def test_two_transfers_have_one_digest_only_if_they_are_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (transfer_digest(**one) == transfer_digest(**other)) is (one == other)


@LAW
@given(TRANSFERS, st.data())
def test_one_changed_field_changes_the_digest(transfer: dict[str, Any], data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(transfer)))
    changed = transfer | {field: data.draw(TRANSFERS)[field]}
    assert (transfer_digest(**transfer) == transfer_digest(**changed)) is (transfer == changed)


@LAW
@given(TRANSFERS, st.text(min_size=1, max_size=6), st.sampled_from(range(len(WORDS) - 1)))
def test_a_letter_cannot_wander_from_one_word_to_the_next(transfer: dict[str, Any], text: str, left: int) -> None:
    here, there = WORDS[left], WORDS[left + 1]
    before = transfer | {here: text, there: "x"}
    after = transfer | {here: text[:-1], there: text[-1] + "x"}
    assert transfer_digest(**before) != transfer_digest(**after)


@LAW
@given(ENTRIES, st.data())
def test_one_changed_field_changes_the_hash_of_an_entry(entry: dict[str, Any], data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(entry)))
    changed = entry | {field: data.draw(ENTRIES)[field]}
    assume(changed != entry)
    assert entry_hash(**entry) != entry_hash(**changed)


@LAW
@given(st.integers(-(10**16), 10**16))
def test_no_microsecond_is_lost(moment: int) -> None:
    assert microseconds(NOON + timedelta(microseconds=moment)) - microseconds(NOON) == moment
