"""Everything the provider knows, in memory, and what of it was not yet written down."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.movements import Balance, Movement, MovementKind
from entrypoints.simulator.engine.occasions import DueStep, Occasion, Step, Subject
from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.refunds import Refund
from entrypoints.simulator.engine.refusals import NotFound
from entrypoints.simulator.engine.truth import Effect, TruthEntry

Kept = MerchantAccount | Payment | Refund | Payout | Movement | DueStep
NewId = Callable[[str], str]

_WORDS: dict[type, str] = {Payment: "payment", Refund: "refund", Payout: "payout"}


@dataclass(slots=True)
class Changes:
    """What one turn did, to be written down as a whole."""

    kept: dict[tuple[type, str], Kept] = field(default_factory=dict[tuple[type, str], Kept])
    forgotten: list[tuple[type, str]] = field(default_factory=list[tuple[type, str]])
    truth: list[TruthEntry] = field(default_factory=list[TruthEntry])
    occasions: list[Occasion] = field(default_factory=list[Occasion])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A movement before it has its number."""

    kind: MovementKind
    source_id: str
    payment_id: str | None
    reference: str | None
    gross: int
    fee: int
    currency: str
    available_on: datetime
    payout_id: str | None = None


class Books:
    """One provider's accounts, objects and balances; every change goes through here and is noted in `Changes`."""

    def __init__(self, new_id: NewId, *, occasions_so_far: int = 0) -> None:
        """Empty books whose ids come from *new_id*, which is given a prefix."""
        self.new_id = new_id
        self.accounts: dict[str, MerchantAccount] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.payouts: dict[str, Payout] = {}
        self.pages: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._by_reference: dict[tuple[type, str, str], list[str]] = {}
        self._movements: dict[str, list[Movement]] = defaultdict(list)
        self._totals: dict[tuple[str, str], int] = defaultdict(int)
        self._unsettled: dict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
        self._due: list[DueStep] = []
        self._last_step = 0
        self._occasions = occasions_so_far
        self._changes = Changes()

    @property
    def occasions_so_far(self) -> int:
        """How much was announced, ever."""
        return self._occasions

    def load(self, kept: Kept) -> None:
        """Take up what an earlier process wrote down; nothing is noted."""
        match kept:
            case MerchantAccount():
                self._take_account(kept)
            case Payment() | Refund() | Payout():
                self._take_subject(kept)
            case Movement():
                self._take_movement(kept)
            case DueStep():
                self._last_step = max(self._last_step, kept.number)
                heapq.heappush(self._due, kept)

    def take_changes(self) -> Changes:
        """What changed since this was asked last."""
        changes, self._changes = self._changes, Changes()
        return changes

    def put_account(self, account: MerchantAccount) -> None:
        """Open an account, or change one."""
        self._take_account(account)
        self._changes.kept[MerchantAccount, account.id] = account

    def account_with_key(self, api_key: str) -> MerchantAccount | None:
        """Whose key it is; None if nobody's."""
        account_id = self._keys.get(api_key)
        return None if account_id is None else self.accounts[account_id]

    def account(self, account_id: str) -> MerchantAccount:
        """
        One account.

        Raises:
            NotFound: If there is none.
        """
        if account_id not in self.accounts:
            raise NotFound("account_not_found", "There is no such account.")
        return self.accounts[account_id]

    def put(self, subject: Subject, *, announce: bool = True) -> None:
        """Keep a payment, refund or payout as it is now, and announce its status."""
        self._take_subject(subject)
        self._changes.kept[type(subject), subject.id] = subject
        if announce:
            self._occasions += 1
            self._changes.occasions.append(
                Occasion(
                    id=self.new_id("evt"),
                    number=self._occasions,
                    type=f"{_WORDS[type(subject)]}.{subject.status}",
                    at=subject.updated_at,
                    account_id=subject.account_id,
                    subject=subject,
                )
            )

    def payment(self, payment_id: str, account_id: str | None = None) -> Payment:
        """
        One payment; of *account_id*, if given.

        Raises:
            NotFound: If there is none.
        """
        return _own(self.payments.get(payment_id), account_id)

    def refund(self, refund_id: str, account_id: str | None = None) -> Refund:
        """
        One refund; of *account_id*, if given.

        Raises:
            NotFound: If there is none.
        """
        return _own(self.refunds.get(refund_id), account_id)

    def payout(self, payout_id: str, account_id: str | None = None) -> Payout:
        """
        One payout; of *account_id*, if given.

        Raises:
            NotFound: If there is none.
        """
        return _own(self.payouts.get(payout_id), account_id)

    def with_reference(self, kind: type[Subject], account_id: str, reference: str) -> list[Subject]:
        """All objects of a kind that the merchant called so, oldest first; none means that none exists."""
        shelf = self._shelf(kind)
        return [shelf[each] for each in self._by_reference.get((kind, account_id, reference), [])]

    def move(self, account_id: str, line: Line, *, at: datetime) -> None:
        """Change the balance by a line's net."""
        movement = Movement(
            id=self.new_id("mov"),
            account_id=account_id,
            number=len(self._movements[account_id]) + 1,
            kind=line.kind,
            source_id=line.source_id,
            payment_id=line.payment_id,
            reference=line.reference,
            gross=line.gross,
            fee=line.fee,
            net=line.gross - line.fee,
            currency=line.currency,
            created_at=at,
            available_on=line.available_on,
            payout_id=line.payout_id,
        )
        self._take_movement(movement)
        self._changes.kept[Movement, movement.id] = movement

    def movements(self, account_id: str, *, after: int, limit: int) -> Sequence[Movement]:
        """At most *limit* lines with numbers above *after*, in order."""
        return self._movements[account_id][after : after + limit]

    def total(self, account_id: str, currency: str) -> int:
        """The sum of all lines."""
        return self._totals[account_id, currency]

    def balances(self, account_id: str, *, at: datetime) -> list[Balance]:
        """Each currency's balance, by code."""
        return [
            Balance(currency, total, total - self._unsettled_sum(account_id, currency, at))
            for (owner, currency), total in sorted(self._totals.items())
            if owner == account_id
        ]

    def note(self, effect: Effect, subject: Subject, amount: int, *, at: datetime, fee: int = 0) -> None:
        """Append to the truth journal what was done to *subject*."""
        self.note_entry(
            TruthEntry(
                at=at,
                account_id=subject.account_id,
                effect=effect,
                object_id=subject.id,
                payment_id=_payment_concerned(subject),
                reference=subject.reference,
                amount=amount,
                fee=fee,
                currency=subject.currency,
            )
        )

    def note_entry(self, entry: TruthEntry) -> None:
        """Append to the truth journal."""
        self._changes.truth.append(entry)

    def plan(self, step: Step, object_id: str, *, at: datetime, after_seconds: float) -> None:
        """Do *step* later."""
        self._last_step += 1
        due = DueStep(at + timedelta(seconds=after_seconds), self._last_step, step, object_id)
        heapq.heappush(self._due, due)
        self._changes.kept[DueStep, due.id] = due

    def next_due(self) -> datetime | None:
        """When the next step is due."""
        return self._due[0].at if self._due else None

    def pop_due(self, now: datetime) -> DueStep | None:
        """The earliest step that is due by *now*, taken from the plan."""
        if not self._due or self._due[0].at > now:
            return None
        due = heapq.heappop(self._due)
        if self._changes.kept.pop((DueStep, due.id), None) is None:
            self._changes.forgotten.append((DueStep, due.id))
        return due

    def add_to_refund_sums(self, payment_id: str, *, pending: int = 0, refunded: int = 0, at: datetime) -> None:
        """Add to what a payment's refunds sum up to; refunds speak for themselves, so nothing is announced."""
        changed = self.payments[payment_id].with_refunds(pending=pending, refunded=refunded, at=at)
        self.put(changed, announce=False)

    def _shelf(self, kind: type[Subject]) -> dict[str, Any]:
        shelves: dict[type[Subject], dict[str, Any]] = {
            Payment: self.payments,
            Refund: self.refunds,
            Payout: self.payouts,
        }
        return shelves[kind]

    def _take_account(self, account: MerchantAccount) -> None:
        before = self.accounts.get(account.id)
        if before is not None:
            for api_key in before.api_keys:
                self._keys.pop(api_key, None)
        self.accounts[account.id] = account
        self._keys.update(dict.fromkeys(account.api_keys, account.id))

    def _take_subject(self, subject: Subject) -> None:
        shelf = self._shelf(type(subject))
        is_new = subject.id not in shelf
        shelf[subject.id] = subject
        if is_new and subject.reference is not None:
            name = (type(subject), subject.account_id, subject.reference)
            self._by_reference.setdefault(name, []).append(subject.id)
        if isinstance(subject, Payment) and subject.page_token is not None:
            self.pages[subject.page_token] = subject.id

    def _take_movement(self, movement: Movement) -> None:
        owner = (movement.account_id, movement.currency)
        self._movements[movement.account_id].append(movement)
        self._totals[owner] += movement.net
        if movement.available_on > movement.created_at:
            self._unsettled[owner].append((movement.available_on, movement.net))

    def _unsettled_sum(self, account_id: str, currency: str, at: datetime) -> int:
        waiting = self._unsettled[account_id, currency]
        waiting[:] = [(when, net) for when, net in waiting if when > at]
        return sum(net for _, net in waiting)


def _payment_concerned(subject: Subject) -> str | None:
    match subject:
        case Payment():
            return subject.id
        case Refund():
            return subject.payment_id
        case Payout():
            return None


_Owned = TypeVar("_Owned", Payment, Refund, Payout)


def _own(found: _Owned | None, account_id: str | None) -> _Owned:
    """What was found, unless it is another merchant's: of that nobody may learn that it exists."""
    if found is None or account_id not in {None, found.account_id}:
        raise NotFound("not_found", "There is no such object.")
    return found
