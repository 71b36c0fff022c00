"""
A bank as a child would run it: names, numbers, and a list of who is frozen.

It shares no code with the ledger, so that where the two agree the rule was understood twice.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

LARGEST_AMOUNT = 1_000_000_000_000_000
LARGEST_BALANCE = 9_007_199_254_740_991

Move = tuple[str, str, int]
"""From, to, how much."""


class No(Exception):
    """The bank refuses; its only word is the reason."""


@dataclass
class Drawer:
    """Money of one wallet, set aside until a moment."""

    wallet: str
    amount: int
    until: int
    taken: int = 0
    returned: int = 0
    ended: bool = False

    @property
    def left(self) -> int:
        """What is still in it."""
        return self.amount - self.taken - self.returned


@dataclass
class SimpleBank:
    """
    Wallets, their drawers and the house's pots, each a name and a number.

    Attributes:
        wallets: The asset of each wallet. What it set aside is under ``<wallet>'s drawers``; the house has
            ``<asset> treasury``, ``<asset> promotions`` and ``<asset> revenue``.
        stopped: Wallets that are ``frozen`` or ``closed``.
        papers: References that were used.
        made: What each transfer moved.
        undone: Transfers that were reversed.
        drawers: By the name of the hold.
    """

    wallets: dict[str, str]
    money: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    papers: set[str] = field(default_factory=set)
    made: dict[str, list[Move]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    drawers: dict[str, Drawer] = field(default_factory=dict)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Forget everything since the beginning if the bank refuses."""
        before = replace(
            self,
            money=self.money.copy(),
            papers=set(self.papers),
            made=dict(self.made),
            undone=set(self.undone),
            drawers={name: replace(drawer) for name, drawer in self.drawers.items()},
        )
        try:
            yield
        except No:
            self.__dict__.update(before.__dict__)
            raise

    def move(self, name: str, moves: list[Move], paper: str | None = None) -> None:
        """One transfer; a reference names one for ever."""
        if paper in self.papers:
            raise No("reference_already_used")
        if paper is not None:
            self.papers.add(paper)
        for each in moves:
            self._move(*each)
        self.made[name] = moves

    def move_between_wallets(self, name: str, moves: list[Move], paper: str | None) -> None:
        """One transfer in which nobody passes a drawer or a pot off as a wallet."""
        for number, (source, destination, _amount) in enumerate(moves):
            if source not in self.wallets or destination not in self.wallets:
                self.move(name, moves[:number], paper)
                raise No("wallet_not_found")
        self.move(name, moves, paper)

    def undo(self, name: str, original: str) -> None:
        """Everything back, the last move first; once."""
        if original in self.undone:
            raise No("transfer_already_reversed")
        self.undone.add(original)
        self.move(name, [(to, from_, amount) for from_, to, amount in reversed(self.made[original])])

    def set_aside(self, name: str, wallet: str, amount: int, until: int) -> None:
        """Out of the wallet, into a drawer."""
        self._move(wallet, f"{wallet}'s drawers", amount)
        self.drawers[name] = Drawer(wallet, amount, until)

    def take(self, name: str, amount: int | None, to: str, now: int, *, last: bool) -> None:
        """Out of the drawer, to a wallet or a pot; the *last* time the rest goes back."""
        drawer = self.drawers[name]
        self._refuse_if_stopped(drawer.wallet)
        if drawer.ended:
            raise No("hold_not_pending")
        if now >= drawer.until:
            raise No("hold_expired")
        wanted = drawer.left if amount is None else amount
        if wanted > drawer.left:
            raise No("capture_exceeds_hold")
        if to not in self.wallets and not to.endswith(" revenue"):
            raise No("wallet_not_found")
        self._move(f"{drawer.wallet}'s drawers", to, wanted)
        drawer.taken += wanted
        drawer.ended = drawer.left == 0
        if last and not drawer.ended:
            self._give_back(drawer)

    def give_back(self, name: str, now: int, *, for_time: bool) -> None:
        """What is left goes back into the wallet, be it frozen or not."""
        drawer = self.drawers[name]
        if drawer.ended:
            raise No("hold_not_pending")
        if for_time and now < drawer.until:
            raise No("hold_not_due")
        self._give_back(drawer)

    def stop(self, wallet: str, wanted: str | None) -> None:
        """Freeze, close, or (with None) let it go on."""
        if self.stopped.get(wallet) == wanted:
            return
        if self.stopped.get(wallet) == "closed":
            raise No("invalid_status_change")
        if wanted == "closed" and self.money[wallet] + self.money[f"{wallet}'s drawers"] != 0:
            raise No("wallet_not_empty")
        if wanted is None:
            del self.stopped[wallet]
        else:
            self.stopped[wallet] = wanted

    def _give_back(self, drawer: Drawer) -> None:
        if self.money[drawer.wallet] + drawer.left > LARGEST_BALANCE:
            raise No("balance_too_large")
        self.money[f"{drawer.wallet}'s drawers"] -= drawer.left
        self.money[drawer.wallet] += drawer.left
        drawer.returned += drawer.left
        drawer.ended = True

    def _move(self, source: str, destination: str, amount: int) -> None:
        if amount < 1:
            raise No("amount_not_positive")
        if amount > LARGEST_AMOUNT:
            raise No("amount_too_large")
        if source == destination:
            raise No("same_wallet")
        if self._asset(source) != self._asset(destination):
            raise No("asset_mismatch")
        self._refuse_if_stopped(source)
        self._refuse_if_stopped(destination)
        has_a_floor = _owner(source) in self.wallets
        if has_a_floor and self.money[source] < amount:
            raise No("insufficient_funds")
        if self.money[source] - amount < -LARGEST_BALANCE or self.money[destination] + amount > LARGEST_BALANCE:
            raise No("balance_too_large")
        self.money[source] -= amount
        self.money[destination] += amount

    def _refuse_if_stopped(self, party: str) -> None:
        if _owner(party) in self.stopped:
            raise No(f"wallet_{self.stopped[_owner(party)]}")

    def _asset(self, party: str) -> str:
        return self.wallets.get(_owner(party)) or party.partition(" ")[0]


def _owner(party: str) -> str:
    return party.removesuffix("'s drawers")
