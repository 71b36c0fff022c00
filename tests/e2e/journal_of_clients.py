"""What clients asked for, under which key, and what they were told: the other side's books."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from e2e.wire import NoAnswer, Response

LONGEST_WAIT_SECONDS = 15.0
_GRANTED = {200, 201, 202}
_REFUSED = 422


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that decides a key: what a repetition must give again, byte for byte."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What a transfer does to one wallet."""

    available: int = 0
    reserved: int = 0


@dataclass(slots=True, eq=False)
class Wish:
    """
    One request under one idempotency key, and what became of it.

    Attributes:
        changes: What it does to wallets, by their ids, if it is granted.
        told: The first answer that decided it; None as long as nobody knows.
        originals: How many deciding answers did not say that they are repetitions.
    """

    key: str
    path: str
    body: bytes
    changes: Mapping[str, Change]
    told: Told | None = None
    originals: int = 0

    @property
    def name(self) -> str:
        """What a complaint calls it."""
        return f"{self.path} {self.key}"

    @property
    def is_granted(self) -> bool:
        """Whether money moved, as far as the client was told."""
        return self.told is not None and self.told.status in _GRANTED

    @property
    def order_id(self) -> str:
        """The order that a granted wish was told about."""
        assert self.told is not None
        order: str = json.loads(self.told.body)["id"]
        return order

    @property
    def transfer_id(self) -> str:
        """The transfer that a granted wish was told about."""
        assert self.told is not None
        answer = json.loads(self.told.body)
        transfer: str = answer.get("transfer", answer)["id"]
        return transfer

    @property
    def hold_id(self) -> str:
        """The hold that a granted wish was told about."""
        assert self.told is not None
        hold: str = json.loads(self.told.body)["hold"]["id"]
        return hold


@dataclass(slots=True)
class Journal:
    """
    Every wish of every client.

    Attributes:
        breaches: Answers that no client should ever get, in words.
        slowest_seconds: The longest that any answer, or the lack of one, was waited for.
        come_again: Answers that decide nothing, and say when to ask again.
        longest_wait_seconds: What nobody may have to wait for longer.
    """

    wishes: list[Wish] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    answers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    slowest_seconds: float = 0.0
    come_again: frozenset[int] = frozenset({503})
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS

    def enter(self, wish: Wish) -> Wish:
        """Write the wish down, before it is sent."""
        self.wishes.append(wish)
        return wish

    def answered(self, wish: Wish, response: Response, seconds: float) -> None:
        """Write an answer down, and whatever is wrong with it."""
        self._waited(wish.name, seconds)
        self.answers[str(response.status)] += 1
        if response.status in _GRANTED or response.status == _REFUSED:
            self._decided(wish, response)
        elif response.status not in self.come_again:
            self._breach(wish.name, f"was answered {response.status} {response.body.decode()}")
        elif not response.headers.get("retry-after", "").isdigit() or not json.loads(response.body)["retryable"]:
            self._breach(wish.name, f"was not told when to come again: {response.headers} {response.body.decode()}")

    def looked(self, path: str, response: Response, seconds: float) -> None:
        """Write down how a mere look at the books went."""
        self.answers[f"look {response.status}"] += 1
        self._waited(path, seconds)
        if response.status not in {200, 503}:
            self._breach(path, f"was answered {response.status} {response.body.decode()}")

    def unanswered(self, wish: Wish, why: NoAnswer, seconds: float) -> None:
        """Write down that no answer came."""
        self._waited(wish.name, seconds)
        self.answers[str(why)] += 1

    def balances(self, opening: Mapping[str, Change]) -> dict[str, Change]:
        """What each wallet must hold now, once every key is decided."""
        available = {wallet: balance.available for wallet, balance in opening.items()}
        reserved = {wallet: balance.reserved for wallet, balance in opening.items()}
        for wish in self.wishes:
            if wish.is_granted:
                for wallet, change in wish.changes.items():
                    available[wallet] += change.available
                    reserved[wallet] += change.reserved
        return {wallet: Change(available[wallet], reserved[wallet]) for wallet in opening}

    def _decided(self, wish: Wish, response: Response) -> None:
        told = Told(response.status, response.body)
        replayed = response.headers.get("idempotent-replayed") == "true"
        wish.originals += not replayed
        if wish.originals > 1:
            self._breach(wish.name, "was decided twice: two answers do not say that they are repetitions")
        if wish.told is None:
            wish.told = told
        elif wish.told != told:
            self._breach(wish.name, f"was told {wish.told}, then {told}")

    def _waited(self, who: str, seconds: float) -> None:
        self.slowest_seconds = max(self.slowest_seconds, seconds)
        if seconds > self.longest_wait_seconds:
            self._breach(who, f"waited {seconds:.1f} s")

    def _breach(self, who: str, what: str) -> None:
        self.breaches.append(f"{who} {what}")
