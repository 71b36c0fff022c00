"""What a posted transfer looks like, entry by entry."""

from datetime import timedelta

from builders import (
    ALICE,
    BOB,
    CAROL,
    NOON,
    OTHER_TENANT,
    TENANT,
    TRACE_ID,
    AccountFactory,
    InstructionFactory,
    linked,
    main_account,
    movement,
    open_book,
    posted,
    refused,
    reversal,
    system_account,
    transfer,
)
from core.domain.accounts import InsufficientFunds, Purpose
from core.domain.chain import GENESIS
from core.domain.identifiers import main_account_id
from core.domain.instructions import Instruction
from core.domain.transfers import CREDIT, DEBIT, Entry, TransferType


def told(entries: list[Entry]) -> list[tuple[int, int, int, int, int]]:
    """Leg, direction, amount, balance after and sequence of each entry."""
    return [(entry.leg, entry.direction, entry.amount, entry.balance_after, entry.sequence) for entry in entries]


def test_a_transfer_debits_one_wallet_and_credits_the_other() -> None:
    alice, bob = main_account(ALICE, balance=1000, sequence=4), main_account(BOB)

    outcome = posted(open_book(alice, bob).decide(transfer((ALICE, BOB, 400))))

    [moved] = outcome.transfers
    assert told(moved.entries) == [(0, DEBIT, 400, 600, 5), (1, CREDIT, 400, 400, 1)]
    assert [entry.account_id for entry in moved.entries] == [ALICE, BOB]
    assert [entry.balance_before for entry in moved.entries] == [1000, 0]
    assert (alice.balance, bob.balance) == (600, 400)
    assert outcome.balances == {main_account_id(ALICE): 600, main_account_id(BOB): 400}
    assert outcome.hold is None


def test_a_transfer_keeps_every_word_that_was_said_about_it() -> None:
    book = open_book(main_account(ALICE, balance=1), main_account(BOB))
    asked = transfer((ALICE, BOB, 1), reference="invoice-1", description="Shoes", metadata='{"size":"42"}')

    [moved] = posted(book.decide(asked)).transfers

    [draft] = asked.drafts
    assert (moved.tenant_id, moved.id, moved.type, moved.posted_at) == (TENANT, draft.id, draft.type, NOON)
    assert (moved.trace_id, moved.reference, moved.description) == (TRACE_ID, "invoice-1", "Shoes")
    assert (moved.metadata, moved.reversal_of, moved.hold_id) == ('{"size":"42"}', None, None)


def test_a_wallet_may_be_emptied_to_its_last_minor_unit() -> None:
    alice = main_account(ALICE, balance=400)
    posted(open_book(alice, main_account(BOB)).decide(transfer((ALICE, BOB, 400))))
    assert alice.balance == 0


def test_the_tenants_own_accounts_may_go_below_zero() -> None:
    treasury = system_account(Purpose.TREASURY)
    posted(open_book(treasury, main_account(ALICE)).decide(movement(TransferType.TOPUP, ALICE, 400)))
    assert treasury.balance == -400


def test_the_wallets_balances_are_told_and_the_tenants_own_are_not() -> None:
    book = open_book(system_account(Purpose.TREASURY), main_account(ALICE))
    assert posted(book.decide(movement(TransferType.TOPUP, ALICE, 400))).balances == {main_account_id(ALICE): 400}


def test_legs_move_in_order_so_that_money_can_pass_through_a_wallet() -> None:
    alice, bob, carol = main_account(ALICE, balance=500), main_account(BOB), main_account(CAROL)

    outcome = posted(open_book(alice, bob, carol).decide(transfer((ALICE, BOB, 500), (BOB, CAROL, 500))))

    assert told(outcome.transfers[0].entries) == [
        (0, DEBIT, 500, 0, 1),
        (1, CREDIT, 500, 500, 1),
        (2, DEBIT, 500, 0, 2),
        (3, CREDIT, 500, 500, 1),
    ]
    assert (alice.balance, bob.balance, carol.balance) == (0, 0, 500)


def test_legs_are_not_netted_against_each_other() -> None:
    """The first leg has no money yet, whatever the second brings."""
    book = open_book(main_account(ALICE, balance=500), main_account(BOB), main_account(CAROL))
    assert isinstance(refused(book.decide(transfer((BOB, CAROL, 500), (ALICE, BOB, 500)))), InsufficientFunds)


def test_a_later_instruction_sees_what_earlier_ones_did() -> None:
    book = open_book(main_account(ALICE, balance=500), main_account(BOB), main_account(CAROL))

    first = posted(book.decide(transfer((ALICE, BOB, 500))))
    second = posted(book.decide(transfer((BOB, CAROL, 400))))
    third = refused(book.decide(transfer((ALICE, CAROL, 1))))

    assert first.balances[main_account_id(BOB)] == 500
    assert second.balances == {main_account_id(BOB): 100, main_account_id(CAROL): 400}
    assert third.facts["available"] == 0


def test_each_entry_is_linked_to_the_one_before_it_on_its_account() -> None:
    treasury, alice = system_account(Purpose.TREASURY), main_account(ALICE)
    book = open_book(treasury, alice)

    [first] = posted(book.decide(movement(TransferType.TOPUP, ALICE, 1, reference="one"))).transfers
    [second] = posted(book.decide(movement(TransferType.TOPUP, ALICE, 2, metadata="{}"))).transfers

    for account, side in ((treasury, 0), (alice, 1)):
        assert first.entries[side].chain == linked(GENESIS, first, first.entries[side])
        assert second.entries[side].chain == linked(first.entries[side].chain, second, second.entries[side])
        assert account.chain == second.entries[side].chain
        assert account.sequence == 2


def test_all_of_a_book_is_posted_at_its_one_moment() -> None:
    moment = NOON + timedelta(days=1)
    book = open_book(main_account(ALICE, balance=2), main_account(BOB), posted_at=moment)
    outcomes = [posted(book.decide(transfer((ALICE, BOB, 1)))) for _ in range(2)]
    assert {outcome.transfers[0].posted_at for outcome in outcomes} == {moment}


def test_a_reversal_is_linked_to_its_original_and_gives_the_money_back() -> None:
    alice, revenue = main_account(ALICE, balance=500), system_account(Purpose.REVENUE)
    book = open_book(alice, revenue)
    [original] = posted(book.decide(movement(TransferType.SPEND, ALICE, 500))).transfers

    [undone] = posted(book.decide(reversal(original))).transfers

    assert undone.reversal_of == original.id
    assert (alice.balance, revenue.balance) == (500, 0)


def test_one_batch_serves_several_tenants_and_keeps_them_apart() -> None:
    """Two tenants may even have wallets of the same id."""
    ours = [main_account(ALICE, balance=500), main_account(BOB)]
    theirs = [
        AccountFactory.build(tenant_id=OTHER_TENANT, id=main_account_id(wallet), balance=balance)
        for wallet, balance in ((ALICE, 70), (BOB, 0))
    ]
    book = open_book(*ours, *theirs)

    posted(book.decide(transfer((ALICE, BOB, 500), reference="invoice-1")))
    asked: Instruction = transfer((ALICE, BOB, 70), reference="invoice-1")
    posted(book.decide(InstructionFactory.build(tenant_id=OTHER_TENANT, drafts=asked.drafts)))

    assert [account.balance for account in (*ours, *theirs)] == [0, 500, 0, 70]
