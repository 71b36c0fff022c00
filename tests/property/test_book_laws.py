"""What holds for any sequence of instructions."""

from collections.abc import Iterable

from hypothesis import given

from builders import (
    ALICE,
    BOB,
    CAROL,
    TENANT,
    atomic_batch,
    main_account,
    open_book,
    posted,
    reversal,
    system_account,
    verdict,
)
from core.domain.accounts import Account, Purpose
from core.domain.errors import CoreError
from core.domain.instructions import Instruction, Outcome, Posted, Refused
from core.domain.transfers import Transfer
from strategies import FEW, LAW, SCRIPTS, Order, instructions


def fresh_accounts() -> list[Account]:
    """Three wallets with a little money, and the tenant's own accounts."""
    return [
        *(main_account(wallet, balance=50) for wallet in (ALICE, BOB, CAROL)),
        *(system_account(purpose) for purpose in (Purpose.TREASURY, Purpose.PROMOTIONS, Purpose.REVENUE)),
    ]


def decide_all(accounts: list[Account], asked: Iterable[Instruction]) -> list[Outcome]:
    """In one book."""
    book = open_book(*accounts)
    return [book.decide(instruction) for instruction in asked]


def told(outcomes: Iterable[Outcome]) -> list[Posted | tuple[str, object]]:
    """Outcomes as values: two errors are never equal, what they say is."""
    return [outcome if isinstance(outcome, Posted) else _said(outcome.error) for outcome in outcomes]


def _said(error: CoreError) -> tuple[str, object]:
    return error.code, error.facts


@FEW
@given(SCRIPTS)
def test_how_instructions_are_cut_into_batches_changes_nothing(script: list[Order]) -> None:
    """A client cannot tell whether its request shared a batch with others."""
    together, one_by_one = fresh_accounts(), fresh_accounts()
    taken: dict[tuple[object, str], object] = {}
    outcomes: list[Outcome] = []
    for instruction in instructions(script):
        outcome = open_book(*one_by_one, references=dict(taken)).decide(instruction)
        outcomes.append(outcome)
        if isinstance(outcome, Posted):
            taken |= {(TENANT, made.reference): made.id for made in outcome.transfers if made.reference is not None}
    assert told(outcomes) == told(decide_all(together, instructions(script)))
    assert together == one_by_one


@FEW
@given(SCRIPTS)
def test_a_refused_instruction_might_as_well_not_have_been_asked(script: list[Order]) -> None:
    accounts, without_refusals = fresh_accounts(), fresh_accounts()
    outcomes = decide_all(accounts, instructions(script))
    happened = [
        asked for asked, outcome in zip(instructions(script), outcomes, strict=True) if isinstance(outcome, Posted)
    ]
    again = decide_all(without_refusals, happened)
    assert told(again) == told(outcome for outcome in outcomes if isinstance(outcome, Posted))
    assert accounts == without_refusals


@FEW
@given(SCRIPTS)
def test_an_atomic_batch_is_its_transfers_one_after_another_or_nothing(script: list[Order]) -> None:
    if not script:
        return
    accounts, one_by_one = fresh_accounts(), fresh_accounts()
    asked = instructions(script)
    [outcome] = decide_all(accounts, [atomic_batch(*(draft for each in asked for draft in each.drafts))])
    single: list[Transfer] = []
    for single_outcome in decide_all(one_by_one, instructions(script)):
        if isinstance(single_outcome, Refused):
            assert verdict(outcome) == single_outcome.error.code
            assert accounts == fresh_accounts()
            if len(script) > 1:
                assert isinstance(outcome, Refused)
                assert outcome.error.facts["index"] == len(single)
            return
        single += single_outcome.transfers
    assert posted(outcome).transfers == single
    assert accounts == one_by_one


@FEW
@given(SCRIPTS)
def test_reversing_everything_that_happened_last_first_leaves_every_balance_as_it_was(script: list[Order]) -> None:
    accounts = fresh_accounts()
    book = open_book(*accounts)
    outcomes = [book.decide(instruction) for instruction in instructions(script)]
    for outcome in reversed(outcomes):
        if isinstance(outcome, Posted):
            posted(book.decide(reversal(outcome.transfers[0])))
    assert [account.balance for account in accounts] == [account.balance for account in fresh_accounts()]


@LAW
@given(SCRIPTS)
def test_the_wallets_balances_in_an_answer_are_those_of_the_accounts(script: list[Order]) -> None:
    accounts = fresh_accounts()
    book = open_book(*accounts)
    for instruction in instructions(script):
        outcome = book.decide(instruction)
        if isinstance(outcome, Posted):
            balances = {account.id: account.balance for account in accounts if account.purpose is Purpose.MAIN}
            touched = {side for draft in instruction.drafts for leg in draft.legs for side in (leg.debit, leg.credit)}
            assert outcome.balances == {id_: balances[id_] for id_ in touched & balances.keys()}
