"""Several transfers, all or none."""

from copy import deepcopy

import pytest

from builders import (
    ALICE,
    BOB,
    CAROL,
    TENANT,
    atomic_batch,
    draft_between,
    main_account,
    open_book,
    posted,
    refused,
    reversal,
    reversal_draft,
    transfer,
    verdict,
)
from core.domain.accounts import Account
from core.domain.identifiers import main_account_id


@pytest.fixture
def accounts() -> list[Account]:
    """Alice with 500, Bob and Carol with nothing."""
    return [main_account(ALICE, balance=500, sequence=2), main_account(BOB), main_account(CAROL)]


def test_all_transfers_of_a_batch_post_in_order(accounts: list[Account]) -> None:
    asked = atomic_batch(draft_between((ALICE, BOB, 500)), draft_between((BOB, CAROL, 300)))
    outcome = posted(open_book(*accounts).decide(asked))
    assert [moved.id for moved in outcome.transfers] == [draft.id for draft in asked.drafts]
    assert [account.balance for account in accounts] == [0, 200, 300]
    assert outcome.balances == {main_account_id(ALICE): 0, main_account_id(BOB): 200, main_account_id(CAROL): 300}


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_one_refused_transfer_undoes_the_whole_batch_and_is_named(accounts: list[Account], failing: int) -> None:
    drafts = [draft_between((ALICE, BOB, 10), reference=f"invoice-{number}") for number in range(3)]
    drafts[failing] = draft_between((ALICE, CAROL, 5), (ALICE, BOB, 1000), reference=f"invoice-{failing}")
    before = deepcopy(accounts)

    error = refused(open_book(*accounts).decide(atomic_batch(*drafts)))

    assert error.code == "insufficient_funds"
    assert error.facts["index"] == failing
    assert accounts == before


def test_an_undone_batch_gives_its_references_back(accounts: list[Account]) -> None:
    book = open_book(*accounts)
    refused(
        book.decide(atomic_batch(draft_between((ALICE, BOB, 1), reference="one"), draft_between((BOB, CAROL, 999))))
    )
    posted(book.decide(transfer((ALICE, BOB, 1), reference="one")))


def test_an_undone_batch_keeps_the_references_that_were_taken_before_it(accounts: list[Account]) -> None:
    book = open_book(*accounts)
    posted(book.decide(transfer((ALICE, BOB, 1), reference="before")))
    refused(
        book.decide(
            atomic_batch(
                draft_between((ALICE, BOB, 1), reference="within"), draft_between((ALICE, BOB, 1), reference="before")
            )
        )
    )
    assert verdict(book.decide(transfer((ALICE, BOB, 1), reference="before"))) == "reference_already_used"
    assert verdict(book.decide(transfer((ALICE, BOB, 1), reference="within"))) == "posted"


def test_a_reference_is_used_once_within_a_batch(accounts: list[Account]) -> None:
    twice = atomic_batch(*(draft_between((ALICE, BOB, 1), reference="invoice-1") for _ in range(2)))
    error = refused(open_book(*accounts).decide(twice))
    assert (error.code, error.facts["index"]) == ("reference_already_used", 1)


def test_an_undone_batch_gives_its_reversals_back(accounts: list[Account]) -> None:
    book = open_book(*accounts)
    [original] = posted(book.decide(transfer((ALICE, BOB, 5)))).transfers

    assert (
        verdict(book.decide(atomic_batch(reversal_draft(original), draft_between((CAROL, BOB, 1)))))
        == "insufficient_funds"
    )
    assert verdict(book.decide(reversal(original))) == "posted"


def test_a_refused_batch_does_not_disturb_the_chain(accounts: list[Account]) -> None:
    """The entries after it are those it would have been followed by, had nobody asked for it."""
    with_refusal, without = open_book(*deepcopy(accounts)), open_book(*deepcopy(accounts))
    refused(with_refusal.decide(atomic_batch(draft_between((ALICE, BOB, 1)), draft_between((BOB, CAROL, 999)))))
    asked = transfer((ALICE, BOB, 7))
    assert posted(with_refusal.decide(asked)) == posted(without.decide(asked))


def test_a_single_refused_transfer_has_no_index(accounts: list[Account]) -> None:
    error = refused(open_book(*accounts).decide(atomic_batch(draft_between((BOB, ALICE, 1)))))
    assert "index" not in error.facts


def test_a_batch_belongs_to_one_tenant(accounts: list[Account]) -> None:
    asked = atomic_batch(draft_between((ALICE, BOB, 1)), draft_between((ALICE, BOB, 1)))
    outcome = posted(open_book(*accounts).decide(asked))
    assert {moved.tenant_id for moved in outcome.transfers} == {TENANT}
