"""A walk along one account: the first thing that does not fit, and where."""

from dataclasses import replace

import pytest

from builders import ALICE, TENANT, fresh_id
from core.domain.chain import GENESIS, entry_hash
from core.domain.integrity import AccountWalk, Finding, FindingKind, Head, Link

DIGEST = bytes([7]) * 32


def links(*amounts: int) -> list[Link]:
    """Alice's entries of those amounts, debits negative."""
    made: list[Link] = []
    balance, chain = 0, GENESIS
    for sequence, amount in enumerate(amounts, 1):
        balance += amount
        link = Link(
            account_id=ALICE,
            asset="USD",
            sequence=sequence,
            transfer_id=fresh_id(),
            leg=0 if amount < 0 else 1,
            direction=-1 if amount < 0 else 1,
            amount=abs(amount),
            balance_after=balance,
            chain=GENESIS,
            digest=DIGEST,
        )
        chain = entry_hash(
            previous=chain,
            tenant_id=TENANT,
            account_id=ALICE,
            asset="USD",
            transfer=DIGEST,
            sequence=sequence,
            direction=link.direction,
            leg=link.leg,
            amount=link.amount,
            balance_after=balance,
        )
        made.append(replace(link, chain=chain))
    return made


def head_after(link: Link) -> Head:
    """Where the account stands behind that entry."""
    return Head(ALICE, "USD", link.sequence, link.balance_after, link.chain)


def walk() -> AccountWalk:
    """A walk from Alice's beginning."""
    return AccountWalk(TENANT, ALICE, "USD")


def walked(*entries: Link) -> AccountWalk:
    """A walk past those entries."""
    one = walk()
    for entry in entries:
        one.take(entry)
    return one


def where(finding: Finding | None) -> tuple[FindingKind, int | None] | None:
    """What was found, and at which entry."""
    return None if finding is None else (finding.kind, finding.sequence)


ONE, TWO, THREE = ENTRIES = links(100, -30, 5)
HEAD = head_after(THREE)


def test_an_account_that_is_its_entries_is_right() -> None:
    assert walked(*ENTRIES).end(HEAD) is None


def test_an_account_without_entries_is_right() -> None:
    assert walk().end(Head(ALICE, "USD", 0, 0, GENESIS)) is None


@pytest.mark.parametrize(
    ("entries", "kind", "sequence"),
    [
        ([TWO, THREE], FindingKind.ENTRY_MISSING, 1),
        ([ONE, THREE], FindingKind.ENTRY_MISSING, 2),
        ([ONE, TWO], FindingKind.ENTRY_MISSING, 3),
        ([], FindingKind.ENTRY_MISSING, 1),
        ([ONE, ONE, TWO, THREE], FindingKind.ENTRY_OUT_OF_ORDER, 2),
        ([ONE, replace(TWO, digest=None), THREE], FindingKind.ENTRY_WITHOUT_TRANSFER, 2),
        ([ONE, replace(TWO, amount=31), THREE], FindingKind.BALANCE_WRONG, 2),
        ([ONE, replace(TWO, amount=31, balance_after=69), THREE], FindingKind.ENTRY_CHANGED, 2),
        ([ONE, replace(TWO, chain=GENESIS), THREE], FindingKind.ENTRY_CHANGED, 2),
        ([ONE, replace(TWO, digest=GENESIS), THREE], FindingKind.ENTRY_CHANGED, 2),
        ([ONE, replace(TWO, leg=70_000), THREE], FindingKind.ENTRY_CHANGED, 2),
        ([ONE, replace(TWO, asset="EUR"), THREE], FindingKind.ENTRY_CHANGED, 2),
    ],
    ids=str,
)
def test_the_first_entry_that_does_not_fit_is_named(entries: list[Link], kind: FindingKind, sequence: int) -> None:
    assert where(walked(*entries).end(HEAD)) == (kind, sequence)


def test_a_finding_names_the_account_and_the_transfer() -> None:
    found = walked(ONE, replace(TWO, amount=31)).end(HEAD)
    assert found is not None
    assert (found.account_id, found.transfer_id, found.detail) == (ALICE, TWO.transfer_id, "100 - 31 is not 70")


@pytest.mark.parametrize(
    ("head", "sequence"),
    [
        (replace(HEAD, balance=76), 3),
        (replace(HEAD, chain=GENESIS), 3),
        (head_after(TWO), 3),
    ],
    ids=["balance", "hash", "wound back"],
)
def test_an_account_that_is_not_its_entries_is_named_where_it_parts_from_them(head: Head, sequence: int) -> None:
    assert where(walked(*ENTRIES).end(head)) == (FindingKind.ACCOUNT_CHANGED, sequence)


def test_an_account_that_does_not_know_an_entry_seen_behind_its_last_is_wrong() -> None:
    found = walked(*ENTRIES).end(HEAD, furthest=5)
    assert where(found) == (FindingKind.ACCOUNT_CHANGED, 4)


def test_an_account_of_another_asset_than_its_entries_is_wrong() -> None:
    one = AccountWalk(TENANT, ALICE, "EUR")
    one.take(ONE)
    assert where(one.end(HEAD)) == (FindingKind.ACCOUNT_CHANGED, 1)


# ── From a trusted beginning, past what was said of it ───────────────────────────────────────────────────────────────


def test_a_walk_from_a_snapshot_needs_nothing_before_it() -> None:
    one = walk()
    one.begin_at(head_after(TWO))
    one.take(THREE)
    assert one.end(HEAD) is None


def test_a_walk_may_end_at_the_snapshot_where_it_began() -> None:
    one = walk()
    one.begin_at(HEAD)
    assert one.end(HEAD) is None


WITNESSES = pytest.mark.parametrize(
    "kind", [FindingKind.BEHIND_CHECKPOINT, FindingKind.SNAPSHOT_WRONG], ids=["checkpoint", "snapshot"]
)
"""What a checkpoint signed, and what a snapshot keeps, are both passed."""


@WITNESSES
def test_what_is_expected_is_met(kind: FindingKind) -> None:
    one = walk()
    for entry in ENTRIES:
        one.expect(head_after(entry), kind)
        one.take(entry)
    assert one.end(HEAD) is None
    assert one.furthest_expected == 0


@WITNESSES
@pytest.mark.parametrize("other", [{"chain": GENESIS}, {"balance": 71}], ids=["hash", "balance"])
def test_what_is_expected_is_missed_where_it_was_said(kind: FindingKind, other: dict[str, object]) -> None:
    one = walk()
    one.expect(replace(head_after(TWO), **other), kind)  # type: ignore[arg-type]  # any field
    for entry in ENTRIES:
        one.take(entry)
    assert where(one.end(HEAD)) == (kind, 2)


@WITNESSES
def test_what_is_expected_behind_the_end_is_missed_there(kind: FindingKind) -> None:
    """The tail is cut, and the account was rewritten: ENTRIES without the last, and a head that fits."""
    one = walk()
    one.expect(HEAD, kind)
    one.take(ONE)
    one.take(TWO)
    assert one.furthest_expected == 3
    assert where(one.end(head_after(TWO))) == (kind, 3)


@WITNESSES
def test_what_is_expected_is_not_missed_once_the_account_is_known_to_go_on(kind: FindingKind) -> None:
    one = walk()
    one.expect(HEAD, kind)
    one.take(ONE)
    one.expect_no_more()
    assert one.end(head_after(ONE)) is None


@WITNESSES
def test_what_is_expected_at_the_beginning_is_compared_there(kind: FindingKind) -> None:
    one = walk()
    one.begin_at(head_after(TWO))
    one.expect(replace(head_after(TWO), balance=71), kind)
    assert where(one.end(head_after(TWO))) == (kind, 2)


@WITNESSES
def test_what_is_expected_before_the_beginning_cannot_be_compared(kind: FindingKind) -> None:
    one = walk()
    one.begin_at(head_after(TWO))
    one.expect(replace(head_after(ONE), balance=71), kind)
    assert one.end(head_after(TWO)) is None


@WITNESSES
def test_what_is_expected_does_not_hide_what_was_wrong_before(kind: FindingKind) -> None:
    one = walked(replace(ONE, amount=99))
    one.expect(HEAD, kind)
    assert where(one.end(HEAD)) == (FindingKind.BALANCE_WRONG, 1)
