"""
The Book against a bank as a child would run it, step by step.

Between two batches everything the Book knew is thrown away and read back from what it posted, as a database would.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from builders import (
    ALICE,
    BOB,
    CAROL,
    NOON,
    TENANT,
    atomic_batch,
    capture,
    draft_between,
    expiry,
    fresh_id,
    linked,
    main_account,
    movement,
    open_book,
    placement,
    release,
    reserve_account,
    reversal,
    system_account,
    transfer,
    verdict,
)
from core.domain.accounts import Account, AccountStatus, Purpose, check_status_change
from core.domain.chain import GENESIS
from core.domain.errors import CoreError
from core.domain.holds import Hold, HoldStatus
from core.domain.identifiers import AccountId, HoldId, WalletId, main_account_id, reserve_account_id, system_account_id
from core.domain.instructions import Instruction, Posted
from core.domain.money import MAX_AMOUNT, MAX_BALANCE
from core.domain.transfers import Entry, Transfer, TransferType
from property.simple_bank import Move, No, SimpleBank
from strategies import FEW

DORA, GHOST = WalletId(fresh_id()), WalletId(fresh_id())
WALLET_IDS = {"alice": ALICE, "bob": BOB, "carol": CAROL, "dora": DORA}
ASSETS = {"alice": "USD", "bob": "USD", "carol": "USD", "dora": "EUR"}
POTS = [(asset, purpose) for asset in ("USD", "EUR") for purpose in Purpose if purpose not in {"main", "reserve"}]
ACCOUNT_IDS: dict[str, AccountId] = {
    **{name: main_account_id(wallet_id) for name, wallet_id in WALLET_IDS.items()},
    **{f"{name}'s drawers": reserve_account_id(wallet_id) for name, wallet_id in WALLET_IDS.items()},
    **{f"{asset} {purpose}": system_account_id(TENANT, purpose, asset) for asset, purpose in POTS},
    "ghost": main_account_id(GHOST),
}
NAME_OF: dict[WalletId | None, str] = {wallet_id: name for name, wallet_id in WALLET_IDS.items()}
EMPTY_ACCOUNTS = [
    *(main_account(wallet_id, asset=ASSETS[name]) for name, wallet_id in WALLET_IDS.items()),
    *(reserve_account(wallet_id, asset=ASSETS[name]) for name, wallet_id in WALLET_IDS.items()),
    *(system_account(purpose, asset=asset) for asset, purpose in POTS),
]
HOUSE_MOVES = {
    TransferType.TOPUP: ("treasury", True),
    TransferType.BONUS: ("promotions", True),
    TransferType.CREDIT: ("treasury", True),
    TransferType.SPEND: ("revenue", False),
    TransferType.DEBIT: ("treasury", False),
}
STATUSES = {None: AccountStatus.ACTIVE, "frozen": AccountStatus.FROZEN, "closed": AccountStatus.CLOSED}

NAMES = st.sampled_from(["alice", "bob", "carol", "dora"])
GOOD_PAIRS = list(permutations(["alice", "bob", "carol"], 2))
BAD_PAIRS = [
    ("alice", "alice"),
    ("alice", "dora"),
    ("dora", "bob"),
    ("alice", "ghost"),
    ("ghost", "bob"),
    ("alice", "alice's drawers"),
    ("alice's drawers", "alice"),
    ("bob", "USD treasury"),
    ("USD treasury", "bob"),
]
PAIRS = st.sampled_from(GOOD_PAIRS * 10 + BAD_PAIRS)
AMOUNTS = st.sampled_from([*range(1, 21), "all", "one too many", MAX_AMOUNT, 0, -1, MAX_AMOUNT + 1])
"""Words are about what the payer has."""
FITTING_AMOUNTS = st.sampled_from([*range(1, 41), "all", "one too many"])
LEGS = st.lists(st.tuples(PAIRS, FITTING_AMOUNTS), min_size=1, max_size=3) | st.lists(
    st.tuples(PAIRS, AMOUNTS), min_size=1, max_size=3
)
CAPTURED_AMOUNTS = st.sampled_from([*range(1, 11), None, "all", "one too many", 0, -1])
WHICH = st.integers(0, 7)
ODD_DESTINATIONS = ["dora", "ghost", "bob's drawers", "USD treasury"]
DESTINATIONS = st.sampled_from([None, None, None, None, "alice", "bob", "carol", *ODD_DESTINATIONS])
Legs = list[tuple[tuple[str, str], int | str]]
PAPERS = st.sampled_from([None] * 6 + [f"invoice-{number}" for number in range(6)])


class BookAgainstSimpleBank(RuleBasedStateMachine):
    """Every rule asks both for the same, and expects the same answer."""

    transfers = Bundle("transfers")

    def __init__(self) -> None:
        """Four empty wallets, one of them in euros."""
        super().__init__()
        self.bank = SimpleBank(ASSETS)
        self.now = 0
        self.journal: dict[str, Transfer] = {}
        self.lines: dict[AccountId, list[tuple[Transfer, Entry]]] = {id_: [] for id_ in ACCOUNT_IDS.values()}
        self.hold_of: dict[HoldId, Hold] = {}
        self.status = dict.fromkeys(WALLET_IDS, AccountStatus.ACTIVE)
        self.open_next_batch()

    def open_next_batch(self) -> None:
        """A book on what was posted so far, and on nothing else."""
        self.accounts = {account.id: self.as_posted(account) for account in EMPTY_ACCOUNTS}
        self.book = open_book(
            *self.accounts.values(),
            holds=list(self.hold_of.values()),
            references={(TENANT, made.reference): made.id for made in self.journal.values() if made.reference},
            reversals={(TENANT, made.reversal_of): made.id for made in self.journal.values() if made.reversal_of},
            posted_at=NOON + timedelta(seconds=self.now),
        )

    def as_posted(self, account: Account) -> Account:
        """The account with the status of its wallet and the last of its entries."""
        name = NAME_OF.get(account.wallet_id)
        status = AccountStatus.ACTIVE if name is None else self.status[name]
        lines = self.lines[account.id]
        if not lines:
            return replace(account, status=status)
        _made, last = lines[-1]
        return replace(account, status=status, balance=last.balance_after, sequence=last.sequence, chain=last.chain)

    def amount(self, wanted: int | str, payer: str) -> int:
        """*wanted* as a number."""
        if isinstance(wanted, int):
            return wanted
        return self.bank.money[payer] + (wanted == "one too many")

    def moves(self, legs: Legs) -> list[Move]:
        """The legs with amounts as numbers."""
        return [(source, destination, self.amount(wanted, source)) for (source, destination), wanted in legs]

    def ask(self, instruction: Instruction, story: Callable[[], None]) -> list[str]:
        """Ask both; the names of what was posted."""
        try:
            with self.bank.all_or_nothing():
                story()
            expected = "posted"
        except No as reason:
            expected = str(reason)
        outcome = self.book.decide(instruction)
        assert verdict(outcome) == expected
        return self.keep(outcome) if isinstance(outcome, Posted) else []

    def keep(self, outcome: Posted) -> list[str]:
        """Write down what was posted."""
        for made in outcome.transfers:
            assert str(made.id) not in self.journal
            self.journal[str(made.id)] = made
            for entry in made.entries:
                self.lines[entry.account_id].append((made, entry))
        if outcome.hold is not None:
            self.hold_of[outcome.hold.id] = outcome.hold
        for account_id, balance in outcome.balances.items():
            assert balance == self.accounts[account_id].balance
        return [str(made.id) for made in outcome.transfers]

    # ── What every story has ─────────────────────────────────────────────────────────────────────────────────────────

    @initialize(target=transfers, rich=st.booleans())
    def begin_with_some_money(self, *, rich: bool) -> Any:
        """Alice is sometimes so rich that both her wallet and the treasury are near their ends."""
        gifts = [(TransferType.TOPUP, name, 100) for name in ("alice", "bob", "carol", "dora")]
        if rich:
            gifts += [(TransferType.TOPUP, "alice", MAX_AMOUNT)] * 9
            gifts += [(TransferType.TOPUP, "alice", MAX_BALANCE - 9 * MAX_AMOUNT - 310)]
            gifts += [(TransferType.BONUS, "alice", 195)]
        given = [self.ask_of_the_house(type_, name, amount, None) for type_, name, amount in gifts]
        assert all(given)
        return multiple(*(name for names in given for name in names))

    def ask_of_the_house(self, type_: TransferType, name: str, amount: int, paper: str | None) -> list[str]:
        """One movement between a wallet and a pot."""
        pot, into_wallet = HOUSE_MOVES[type_]
        pot = f"{ASSETS[name]} {pot}"
        source, destination = (pot, name) if into_wallet else (name, pot)
        asked = movement(type_, WALLET_IDS[name], amount, asset=ASSETS[name], reference=paper)
        [draft] = asked.drafts
        return self.ask(asked, lambda: self.bank.move(str(draft.id), [(source, destination, amount)], paper))

    @rule(name=NAMES, wanted=st.sampled_from(["frozen", None, None, None, "closed"]))
    def change_a_wallets_status(self, name: str, wanted: str | None) -> None:
        """Between two batches, as a status change takes the lock a posting takes."""
        expected = actual = ""
        total = sum(self.accounts[ACCOUNT_IDS[part]].balance for part in (name, f"{name}'s drawers"))
        try:
            self.bank.stop(name, wanted)
        except No as reason:
            expected = str(reason)
        try:
            check_status_change(self.status[name], STATUSES[wanted], total_minor=total)
            self.status[name] = STATUSES[wanted]
        except CoreError as error:
            actual = error.code
        assert actual == expected
        self.open_next_batch()

    @rule(seconds=st.sampled_from([0, 1, 9, 59]))
    def begin_another_batch(self, seconds: int) -> None:
        """Later, or at once."""
        self.now += seconds
        self.open_next_batch()

    # ── What is always true ──────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def money_is_neither_made_nor_lost(self) -> None:
        """Every asset's balances come to zero."""
        totals: Counter[str] = Counter()
        for account in self.accounts.values():
            totals[account.asset] += account.balance
        assert set(totals.values()) == {0}

    @invariant()
    def no_wallet_owes(self) -> None:
        """The floor holds."""
        assert all(account.balance >= account.floor for account in self.accounts.values() if account.floor is not None)

    @invariant()
    def both_banks_tell_the_same_balances(self) -> None:
        """Account by account."""
        told = {name: self.accounts[id_].balance for name, id_ in ACCOUNT_IDS.items() if name != "ghost"}
        assert told == {name: self.bank.money[name] for name in told}

    @invariant()
    def a_balance_is_the_sum_of_its_entries(self) -> None:
        """So is every balance on the way there."""
        for account in self.accounts.values():
            balance = 0
            for _made, entry in self.lines[account.id]:
                assert entry.balance_before == balance
                balance += entry.direction * entry.amount
                assert entry.balance_after == balance
            assert account.balance == balance

    @invariant()
    def entries_are_counted_without_gaps(self) -> None:
        """From one."""
        for account in self.accounts.values():
            numbers = [entry.sequence for _made, entry in self.lines[account.id]]
            assert numbers == list(range(1, account.sequence + 1))

    @invariant()
    def every_transfer_balances(self) -> None:
        """Leg by leg: a debit, then a credit of the same amount and asset."""
        for made in self.journal.values():
            assert [entry.leg for entry in made.entries] == list(range(len(made.entries)))
            for debit, credit in zip(made.entries[0::2], made.entries[1::2], strict=True):
                assert (debit.direction, credit.direction) == (-1, 1)
                assert (debit.amount, debit.asset) == (credit.amount, credit.asset)

    @invariant()
    def holds_add_up(self) -> None:
        """As the other bank says, and pending exactly while money remains."""
        for hold_id, hold in self.hold_of.items():
            drawer = self.bank.drawers[str(hold_id)]
            assert (hold.amount, hold.captured, hold.released) == (drawer.amount, drawer.taken, drawer.returned)
            assert hold.captured + hold.released + hold.remaining == hold.amount
            assert (hold.status is HoldStatus.PENDING) == (hold.remaining > 0) == (not drawer.ended)

    @invariant()
    def a_reserve_is_the_sum_of_its_pending_holds(self) -> None:
        """There is no second bookkeeping for holds."""
        for wallet_id in WALLET_IDS.values():
            pending = [hold.remaining for hold in self.hold_of.values() if hold.wallet_id == wallet_id]
            assert self.accounts[reserve_account_id(wallet_id)].balance == sum(pending)

    @invariant()
    def a_reference_names_one_transfer(self) -> None:
        """And a transfer has one reversal."""
        references = [made.reference for made in self.journal.values() if made.reference is not None]
        reversed_ = [made.reversal_of for made in self.journal.values() if made.reversal_of is not None]
        assert len(set(references)) == len(references)
        assert len(set(reversed_)) == len(reversed_)

    def teardown(self) -> None:
        """The chain can be recomputed from the entries, and time ran forwards along it."""
        for account in self.accounts.values():
            previous = GENESIS
            for made, entry in self.lines[account.id]:
                previous = linked(previous, made, entry)
                assert entry.chain == previous
            assert account.chain == previous
            assert all(one.posted_at <= other.posted_at for (one, _), (other, _) in pairwise(self.lines[account.id]))


class MovingMoney(BookAgainstSimpleBank):
    """Movements, transfers, atomic batches and reversals."""

    transfers = BookAgainstSimpleBank.transfers

    @rule(target=transfers, type_=st.sampled_from(list(HOUSE_MOVES)), name=NAMES, wanted=AMOUNTS, paper=PAPERS)
    def move_between_wallet_and_house(
        self, type_: TransferType, name: str, wanted: int | str, paper: str | None
    ) -> Any:
        """Top-up, bonus, credit, spend, debit."""
        return multiple(*self.ask_of_the_house(type_, name, self.amount(wanted, name), paper))

    @rule(target=transfers, legs=LEGS, paper=PAPERS)
    def transfer_between_wallets(self, legs: Legs, paper: str | None) -> Any:
        """One leg, or several in order."""
        moves = self.moves(legs)
        asked = transfer(*((ACCOUNT_IDS[a], ACCOUNT_IDS[b], amount) for a, b, amount in moves), reference=paper)
        [draft] = asked.drafts
        return multiple(*self.ask(asked, lambda: self.bank.move_between_wallets(str(draft.id), moves, paper)))

    @rule(target=transfers, items=st.lists(st.tuples(LEGS, PAPERS), min_size=2, max_size=4))
    def post_an_atomic_batch(self, items: list[tuple[Legs, str | None]]) -> Any:
        """All or none."""
        batch = [(self.moves(legs), paper) for legs, paper in items]
        drafts = [
            draft_between(*((ACCOUNT_IDS[a], ACCOUNT_IDS[b], amount) for a, b, amount in moves), reference=paper)
            for moves, paper in batch
        ]

        def story() -> None:
            for draft, (moves, paper) in zip(drafts, batch, strict=True):
                self.bank.move_between_wallets(str(draft.id), moves, paper)

        return multiple(*self.ask(atomic_batch(*drafts), story))

    @rule(original=transfers)
    def reverse_a_transfer(self, original: str) -> None:
        """Once."""
        asked = reversal(self.journal[original])
        self.ask(asked, lambda: self.bank.undo(str(asked.drafts[0].id), original))


class HoldingMoney(BookAgainstSimpleBank):
    """Holds and their steps."""

    def hold(self, which: int) -> Hold:
        """Mostly a pending one."""
        pending = [hold for hold in self.hold_of.values() if hold.status is HoldStatus.PENDING]
        candidates = pending if pending and which else list(self.hold_of.values())
        return candidates[which % len(candidates)]

    @rule(name=NAMES, wanted=AMOUNTS, seconds=st.sampled_from([3600, 60, 10, 1]))
    def place_a_hold(self, name: str, wanted: int | str, seconds: int) -> None:
        """For a while."""
        amount = self.amount(wanted, name)
        asked = placement(WALLET_IDS[name], amount, lifetime=timedelta(seconds=seconds))
        hold_id = str(asked.drafts[0].id)
        self.ask(asked, lambda: self.bank.set_aside(hold_id, name, amount, self.now + seconds))

    @precondition(lambda self: bool(self.hold_of))
    @rule(which=WHICH, wanted=CAPTURED_AMOUNTS, final=st.sampled_from([False, False, True]), to=DESTINATIONS)
    def capture_a_hold(self, which: int, wanted: int | str | None, *, final: bool, to: str | None) -> None:
        """All, a part, part after part; to a wallet or to the tenant's revenue."""
        hold = self.hold(which)
        amount = hold.remaining + (wanted == "one too many") if isinstance(wanted, str) else wanted
        to_wallet_id = None if to is None else WalletId(ACCOUNT_IDS[to])
        destination = f"{hold.asset} revenue" if to is None else to
        self.ask(
            capture(hold, amount, final=final, to_wallet_id=to_wallet_id),
            lambda: self.bank.take(str(hold.id), amount, destination, self.now, last=final),
        )

    @precondition(lambda self: bool(self.hold_of))
    @rule(which=WHICH, for_time=st.booleans())
    def give_a_hold_back(self, which: int, *, for_time: bool) -> None:
        """By release or by expiry."""
        hold = self.hold(which)
        step = expiry if for_time else release
        self.ask(step(hold), lambda: self.bank.give_back(str(hold.id), self.now, for_time=for_time))


class Everything(MovingMoney, HoldingMoney):
    """All of it, mixed."""


@pytest.mark.parametrize("story", [MovingMoney, HoldingMoney, Everything])
def test_the_book_and_a_simple_bank_agree_at_every_step(story: type[BookAgainstSimpleBank]) -> None:
    run_state_machine_as_test(story, settings=settings(FEW, max_examples=80, stateful_step_count=50))
