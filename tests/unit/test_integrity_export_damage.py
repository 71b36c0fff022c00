"""
What is wrong with a damaged export, and in which words.

The file is the test vector of docs/ledger-export.md. The lists are complete: Bob's account comes first in it, then
Alice's, then the treasury's.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.crypto.checkpoint_signatures import Ed25519CheckpointChecker
from builders import ALICE, BOB
from core.application.integrity.verification import Verification
from core.application.integrity.verify_export import NotAnExport, verify_export
from unit.test_integrity_export_format import PUBLIC_KEY, VectorLedger, block, exported

HEADER, CHECKPOINT, BOBS, ALICES, TREASURY, TRANSFERS, END = 0, 1, 2, 6, 11, 13, 16
"""Where the parts begin."""
FIRST, PAYMENT, LAST = (UUID(f"01990000-0000-7000-8000-00000000000{number}") for number in (1, 2, 3))

Named = tuple[str, str | None, int | None]
SUMS_DIFFER = ("export_damaged", None, None)
UNREADABLE = ("export_damaged", None, None)


def vector() -> list[Any]:
    """The lines, read."""
    return [json.loads(line) for line in block("jsonl").splitlines()]


def written(lines: list[Any]) -> list[str]:
    """The lines, as they stand in a file."""
    return [line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines]


def verify(lines: list[Any]) -> Verification:
    """Verify them, with the key we trust."""
    return verify_export(written(lines), Ed25519CheckpointChecker(bytes.fromhex(PUBLIC_KEY)))


def found(lines: list[Any]) -> list[Named]:
    """What is wrong, with whom, where."""
    names: dict[UUID | None, str | None] = {ALICE: "alice", BOB: "bob", None: None}
    return [
        (finding.kind.value, names.get(finding.account_id, "treasury"), finding.sequence)
        for finding in verify(lines).findings
    ]


def words(lines: list[Any]) -> list[str]:
    """What is wrong, in words."""
    return [finding.detail for finding in verify(lines).findings]


def test_nothing_is_wrong_with_the_vector() -> None:
    assert found(vector()) == []


# ── Entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_entry_is_missed_by_its_account_by_the_count_and_by_its_transfer() -> None:
    lines = vector()
    del lines[ALICES + 2]
    assert found(lines) == [("entry_missing", "alice", 2), ("export_damaged", None, None), SUMS_DIFFER]
    assert words(lines)[1:] == [
        "the file says 8 entries, 7 are there",
        "accounts and transfers do not tell of the same entries",
    ]


def test_a_missing_last_entry_is_missed_by_its_account() -> None:
    lines = vector()
    del lines[TREASURY - 1]
    assert found(lines)[0] == ("entry_missing", "alice", 4)
    assert words(lines)[0] == "the account says 4 entries, the last one there is 3: the tail is cut"


@pytest.mark.parametrize(
    ("member", "value", "kind", "others"),
    [
        (0, 3, "entry_missing", [SUMS_DIFFER]),
        (1, str(FIRST), None, [SUMS_DIFFER]),
        (2, 2, "entry_changed", [SUMS_DIFFER]),
        (3, 1, "balance_wrong", [SUMS_DIFFER]),
        (4, 251, "balance_wrong", [SUMS_DIFFER]),
        (5, 751, "balance_wrong", []),
        (6, "00" * 32, "entry_changed", []),
        (7, "00" * 32, "entry_changed", [SUMS_DIFFER]),
        (7, None, "entry_without_transfer", [SUMS_DIFFER]),
    ],
    ids=["sequence", "transfer", "leg", "direction", "amount", "balance", "hash", "digest", "no digest"],
)
def test_no_word_of_an_entry_changes_unseen(member: int, value: object, kind: str | None, others: list[Named]) -> None:
    lines = vector()
    lines[ALICES + 2]["entry"][member] = value
    assert found(lines) == ([] if kind is None else [(kind, "alice", 2)]) + others


# ── Transfers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "credit"),
        ("posted_at", 1_793_620_800_000_001),
        ("trace_id", ""),
        ("reference", "invoice-2042"),
        ("reference", None),
        ("description", "Größe 42 → 44"),
        ("metadata", '{"order": "42"}'),
        ("reversal_of", str(FIRST)),
        ("hold_id", str(FIRST)),
    ],
)
def test_no_word_of_a_transfer_changes_unseen(member: str, value: object) -> None:
    lines = vector()
    lines[TRANSFERS + 1]["transfer"][member] = value
    assert found(lines) == [SUMS_DIFFER]
    assert words(lines) == ["accounts and transfers do not tell of the same entries"]


@pytest.mark.parametrize(
    ("member", "value", "balances"),
    [(0, 5, True), (1, str(BOB), True), (2, "EUR", False), (3, 9, True), (4, 1, False), (5, 251, False)],
    ids=["leg", "account", "asset", "sequence", "direction", "amount"],
)
def test_no_word_of_a_leg_changes_unseen(member: int, value: object, balances: bool) -> None:
    lines = vector()
    lines[TRANSFERS + 1]["transfer"]["legs"][0][member] = value
    assert found(lines) == ([] if balances else [("transfer_unbalanced", None, None)]) + [SUMS_DIFFER]


def test_an_unbalanced_transfer_is_named() -> None:
    lines = vector()
    lines[TRANSFERS + 1]["transfer"]["legs"][0][5] = 251
    assert verify(lines).findings[0].transfer_id == PAYMENT


def test_a_transfer_without_legs_is_named() -> None:
    lines = vector()
    lines[TRANSFERS + 1]["transfer"]["legs"] = []
    assert found(lines) == [("transfer_unbalanced", None, None), SUMS_DIFFER]


def test_a_missing_transfer_is_missed_by_the_count_and_by_the_accounts() -> None:
    lines = vector()
    del lines[TRANSFERS + 1]
    assert found(lines) == [("export_damaged", None, None), SUMS_DIFFER]
    assert words(lines)[0] == "the file says 3 transfers, 2 are there"


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_balance_is_not_what_the_entries_say() -> None:
    lines = vector()
    lines[ALICES]["account"]["balance"] += 1
    assert found(lines) == [("account_changed", "alice", 4), ("asset_unbalanced", None, None)]


def test_a_changed_sequence_promises_an_entry_that_is_not_there() -> None:
    lines = vector()
    lines[ALICES]["account"]["sequence"] = 5
    assert found(lines) == [("entry_missing", "alice", 5)]


def test_a_changed_hash_is_not_what_the_entries_say() -> None:
    lines = vector()
    lines[ALICES]["account"]["chain"] = "00" * 32
    assert found(lines) == [("account_changed", "alice", 4)]


def test_a_changed_asset_fits_no_hash() -> None:
    lines = vector()
    lines[ALICES]["account"]["asset"] = "EUR"
    assert found(lines) == [
        ("entry_changed", "alice", 1),
        SUMS_DIFFER,
        ("asset_unbalanced", None, None),
        ("asset_unbalanced", None, None),
    ]


def test_an_invented_start_does_not_lead_to_the_first_entry() -> None:
    lines = vector()
    lines[ALICES]["account"]["start"] = [0, 1, "00" * 32]
    assert found(lines) == [("balance_wrong", "alice", 1)]


def test_a_start_that_leaves_out_entries_is_missed_by_their_transfers() -> None:
    """As true as it is: the chain goes on from there."""
    lines = vector()
    sequence, _, _, _, _, balance, chain, _ = lines[ALICES + 1]["entry"]
    lines[ALICES]["account"]["start"] = [sequence, balance, chain]
    del lines[ALICES + 1]
    lines[-1]["end"]["entries"] = 7
    assert found(lines) == [SUMS_DIFFER]


def test_an_account_taken_out_with_all_that_tells_of_it_is_missed_by_the_checkpoint() -> None:
    """Everything Bob ever did: what is left is a ledger without him, but for the checkpoint."""
    lines = vector()
    lines = lines[:BOBS] + lines[ALICES:]
    assert ("behind_checkpoint", "bob", 1) in found(lines)


# ── Checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("number", 2),
        ("taken_at", 1_793_620_800_000_001),
        ("previous", "11" * 32),
        ("root", "11" * 32),
        ("public_key", "11" * 32),
        ("signature", "11" * 64),
    ],
)
def test_no_word_of_a_checkpoint_changes_unseen(member: str, value: object) -> None:
    lines = vector()
    lines[CHECKPOINT]["checkpoint"][member] = value
    assert found(lines) == [("checkpoint_changed", None, None)]


def test_heads_that_were_not_signed_are_blamed_on_the_checkpoint_first() -> None:
    lines = vector()
    lines[CHECKPOINT]["checkpoint"]["heads"][1][2] += 1
    assert found(lines) == [("checkpoint_changed", None, None), ("behind_checkpoint", "alice", 2)]


def test_another_key_s_checkpoint_does_not_hold_when_ours_is_trusted() -> None:
    findings = verify_export(written(vector()), Ed25519CheckpointChecker(bytes(32))).findings
    assert [(finding.kind.value, finding.detail) for finding in findings] == [
        ("checkpoint_changed", "checkpoint 1 does not hold")
    ]


def test_a_missing_checkpoint_is_missed_by_the_count_only() -> None:
    """The last one, that is: the one behind it signs any other. The copies outside are there for the last."""
    lines = vector()
    del lines[CHECKPOINT]
    assert words(lines) == ["the file says 1 checkpoints, 0 are there"]


async def test_a_flawless_history_that_is_not_the_signed_one_is_behind_the_checkpoint(tmp_path: Path) -> None:
    """251 instead of 250, and every hash made again: only what was signed shows it."""
    ours, theirs = VectorLedger(tmp_path), VectorLedger(tmp_path, payment=251)
    theirs.checkpoint, theirs.signed = ours.checkpoint, ours.signed
    assert found([f"{line}\n" for line in await exported(theirs)]) == [
        ("behind_checkpoint", "bob", 1),
        ("behind_checkpoint", "alice", 2),
    ]


async def test_what_no_checkpoint_has_signed_yet_can_be_cut_off_unseen(tmp_path: Path) -> None:
    """The limit that the document names."""
    assert found([f"{line}\n" for line in await exported(VectorLedger(tmp_path, goes_on=False))]) == []


# ── The file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_cut_between_two_lines_misses_its_end() -> None:
    for length in range(1, len(vector())):
        assert "the file ends before its last line" in words(vector()[:length])


def test_a_file_cut_within_a_line_is_told_from_one_that_is_no_export() -> None:
    text = "".join(written(vector()))
    after_header = text.index("\n") + 1
    for cut in range(after_header + 1, len(text) - 2, 97):
        assert found(text[:cut].splitlines(keepends=True)) != [], cut


def swap(one: int, other: int) -> Callable[[list[Any]], None]:
    """Swap two lines."""

    def change(lines: list[Any]) -> None:
        lines[one], lines[other] = lines[other], lines[one]

    return change


def move(one: int, other: int) -> Callable[[list[Any]], None]:
    """Put a line in another place."""

    def change(lines: list[Any]) -> None:
        lines.insert(other, lines.pop(one))

    return change


def add(line: object, place: int = END + 1) -> Callable[[list[Any]], None]:
    """Put a further line in."""

    def change(lines: list[Any]) -> None:
        lines.insert(place, lines[line] if isinstance(line, int) else line)

    return change


@pytest.mark.parametrize(
    ("change", "first", "said"),
    [
        (swap(BOBS, ALICES), ("entry_changed", "alice", 1), "line 7"),
        (swap(BOBS + 1, ALICES + 1), ("entry_changed", "bob", 1), "its hash does not fit"),
        (swap(BOBS + 1, BOBS + 2), ("entry_missing", "bob", 1), "2 does"),
        (swap(TRANSFERS, TRANSFERS + 1), UNREADABLE, f"line 15 is not one of bursar.ledger.1: {FIRST} stands behind"),
        (
            move(CHECKPOINT, TREASURY),
            UNREADABLE,
            "line 12 is not one of bursar.ledger.1: it stands behind a later part",
        ),
        (move(TRANSFERS, BOBS), UNREADABLE, "line 4 is not one of bursar.ledger.1: it stands behind a later part"),
        (move(BOBS, HEADER + 1), UNREADABLE, "line 3 is not one of bursar.ledger.1: it stands behind a later part"),
        (move(BOBS + 1, BOBS), UNREADABLE, "an entry before any account"),
        (add(ALICES), UNREADABLE, "line 18 is not one of bursar.ledger.1: there is more behind the last line"),
        (add(END), UNREADABLE, "there is more behind the last line"),
        (add("\n"), UNREADABLE, "line 18"),
        (add(BOBS + 1, BOBS + 2), ("entry_out_of_order", "bob", 2), "entry 2 should come next, 1 does"),
        (add(TRANSFERS + 1, TRANSFERS + 1), UNREADABLE, f"{PAYMENT} stands behind {PAYMENT}"),
        (add({"note": "x"}, BOBS), UNREADABLE, "line 3 is not one of bursar.ledger.1: nothing is called 'note'"),
        (add({}, BOBS), UNREADABLE, "line 3"),
        (add([], BOBS), UNREADABLE, "line 3"),
        (add({"entry": {}}, ALICES), UNREADABLE, "line 7"),
        (add({"account": 5}, ALICES), UNREADABLE, "line 7"),
        (add({"transfer": {"id": 5}}, TRANSFERS), UNREADABLE, "line 14"),
        (add("no JSON\n", BOBS), UNREADABLE, "line 3"),
    ],
)
def test_lines_out_of_place_are_found(change: Callable[[list[Any]], None], first: Named, said: str) -> None:
    lines = vector()
    change(lines)
    assert found(lines)[0] == first
    assert said in " / ".join(words(lines))


@pytest.mark.parametrize(
    ("line", "member", "value"),
    [
        (ALICES + 2, 4, 250.0),
        (ALICES + 2, 4, True),
        (ALICES + 2, 4, "250"),
        (ALICES + 2, 4, None),
        (ALICES + 2, 6, "xyz"),
        (ALICES + 2, 1, 7),
        (ALICES, "balance", 720.0),
        (ALICES, "asset", None),
        (ALICES, "start", [1, 2]),
        (ALICES, "id", "nobody"),
        (CHECKPOINT, "taken_at", 10**30),
        (CHECKPOINT, "heads", [["x"]]),
        (TRANSFERS, "trace_id", 5),
        (TRANSFERS, "metadata", {"order": 42}),
        (TRANSFERS, "posted_at", 1.5),
        (TRANSFERS, "legs", None),
        (END, "entries", "8"),
    ],
)
def test_a_value_of_another_shape_is_found_with_its_line(line: int, member: int | str, value: object) -> None:
    lines = vector()
    (part,) = lines[line]
    lines[line][part][member] = value
    assert found(lines)[-1] == UNREADABLE
    assert words(lines)[-1].startswith(f"line {line + 1} is not one of bursar.ledger.1: ")


def test_numbers_beyond_64_bits_are_found() -> None:
    lines = vector()
    lines[ALICES + 1]["entry"][4:6] = [2**70, 2**70]
    assert found(lines)[0] == ("entry_changed", "alice", 1)


# ── What is no export ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "first",
    [
        [],
        ["\n"],
        ["hello\n"],
        ["[]\n"],
        ["5\n"],
        ["{}\n"],
        ['{"format":"bursar.ledger.1"}\n'],
        ['{"format":"bursar.ledger.1","tenant_id":"nobody"}\n'],
        ['{"format":"bursar.ledger.1","tenant_id":null}\n'],
    ],
    ids=str,
)
def test_what_does_not_begin_as_an_export_is_none(first: list[str]) -> None:
    with pytest.raises(NotAnExport, match=r"the first line is not that of bursar\.ledger\.1"):
        verify_export(first, Ed25519CheckpointChecker())


def test_a_later_format_is_named() -> None:
    with pytest.raises(NotAnExport, match=r"the format is 'bursar\.ledger\.2', not 'bursar\.ledger\.1'"):
        verify_export(['{"format":"bursar.ledger.2"}\n'], Ed25519CheckpointChecker())
