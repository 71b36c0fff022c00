"""Clients that keep asking, whatever breaks: each wish until it is decided, and those given up at the very end."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from e2e.journal_of_clients import Change, Journal, Told, Wish
from e2e.wire import NoAnswer, Wire

_TIMEOUT_SECONDS = 30.0
_SHORTEST_PATIENCE_SECONDS = 0.002
_DECIDING_SECONDS = 30.0
_CONNECTIONS_TO_REACH_ALL = 16


class Person(Protocol):
    """One of the clients."""

    async def work(self) -> None:
        """One wish after another, until it is time to go home."""


class Clients:
    """
    Several people at once, spread over several ways to the service.

        async with Clients(...) as clients:   # they work as long as the block lasts
            ...
        await clients.repeat_everything()
    """

    def __init__(
        self,
        ways: Sequence[Wire],
        *,
        opening: Mapping[str, Change],
        seed: int,
        people: int = 32,
        patient: bool = False,
        person: "Callable[[Clients, int], Person] | None" = None,
        journal: Journal | None = None,
    ) -> None:
        """
        *people* move money among the wallets of *opening*; *seed* decides all they choose.

        Unless *patient*, they sometimes hang up before the answer comes, and send one key twice at the same moment.
        They move money among wallets, unless another *person* is given, made of us and a number.
        """
        self.journal = journal or Journal()
        self._opening = opening
        self._wallets = sorted(opening)
        self._seed = seed
        self._people = people
        self.patient = patient
        self._ways = ways
        self._person = person or _Person
        self._at_work: list[asyncio.Task[None]] = []
        self._go_home = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to work."""
        self._at_work = [asyncio.create_task(self._person(self, number).work()) for number in range(self._people)]
        self._at_work += [asyncio.create_task(self._look_on(way)) for way in self._ways]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was just asked, and ask nothing more."""
        self._go_home.set()
        await asyncio.gather(*self._at_work)

    async def repeat_everything(self) -> None:
        """Send every wish once more, in another order, until each is decided; those nobody had an answer to first."""
        rng = random.Random(self._seed)
        wishes = list(self.journal.wishes)
        rng.shuffle(wishes)
        waiting = sorted(wishes, key=lambda wish: wish.told is not None, reverse=True)

        async def repeat() -> None:
            while waiting:
                await self._decide(waiting.pop(), rng)

        await asyncio.gather(*(repeat() for _ in range(self._people)))

    async def ask_every_process(self) -> None:
        """Repeat something over fresh connections, which the kernel deals out to all workers: each of them is well."""
        wish = next(wish for wish in self.journal.wishes if wish.told is not None)
        for way in self._ways:
            for _ in range(_CONNECTIONS_TO_REACH_ALL):
                fresh = way.another()
                try:
                    response = await fresh.post(wish.path, wish.body, key=wish.key)
                finally:
                    await fresh.aclose()
                if Told(response.status, response.body) != wish.told:
                    self.journal.breaches.append(f"a process is not well: {response.status} {response.body.decode()}")

    async def send(self, wish: Wish, rng: random.Random, *, patience_seconds: float = _TIMEOUT_SECONDS) -> None:
        """Send the wish one way, and write down what comes back."""
        way = rng.choice(self._ways)
        begun = monotonic()
        try:
            response = await way.post(wish.path, wish.body, key=wish.key, patience_seconds=patience_seconds)
        except NoAnswer as why:
            self.journal.unanswered(wish, why, monotonic() - begun)
        else:
            self.journal.answered(wish, response, monotonic() - begun)

    async def pause(self, seconds: float) -> None:
        """Wait that long, or until it is time to go home."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._go_home.wait()

    @property
    def is_time_to_go_home(self) -> bool:
        """Whether nothing new shall be asked."""
        return self._go_home.is_set()

    def wish(self, key: str, path: str, body: Mapping[str, object], changes: Mapping[str, Change]) -> Wish:
        """A wish, written down; its key is in the transfer's metadata, so that effects can be counted by it."""
        return self.journal.enter(Wish(key, path, json.dumps({**body, "metadata": {"wish": key}}).encode(), changes))

    def person(self, number: int) -> tuple[random.Random, str, list[str]]:
        """What one of the people starts with: their own chance, the prefix of their keys, all wallets."""
        return random.Random(f"{self._seed} {number}"), f"{self._seed}-{number}", self._wallets

    async def _look_on(self, way: Wire) -> None:
        rng = random.Random(self._seed)
        while not self.is_time_to_go_home:
            wallet = rng.choice(self._wallets)
            path = rng.choice([f"/v1/wallets/{wallet}", f"/v1/wallets/{wallet}/entries", "/ready", "/live"])
            begun = monotonic()
            try:
                self.journal.looked(path, await way.get(path, patience_seconds=_TIMEOUT_SECONDS), monotonic() - begun)
            except NoAnswer:
                self.journal.answers["look in vain"] += 1
            await self.pause(rng.uniform(0.02, 0.2))

    async def _decide(self, wish: Wish, rng: random.Random) -> None:
        was_told, originals = wish.told is not None, wish.originals
        give_up_at = monotonic() + _DECIDING_SECONDS
        await self.send(wish, rng)
        while wish.told is None and monotonic() < give_up_at:
            await asyncio.sleep(rng.uniform(0.05, 0.2))
            await self.send(wish, rng)
        if wish.told is None:
            self.journal.breaches.append(f"{wish.name} is still undecided after all is healed")
        elif was_told and wish.originals > originals:
            self.journal.breaches.append(f"{wish.name} was repeated, and taken for a new request")


class _Person:
    """One of the clients: one wish after another, each pursued for a while."""

    def __init__(self, clients: Clients, number: int) -> None:
        self._clients = clients
        self._rng, self._prefix, self._wallets = clients.person(number)
        self._count = 0
        self._holds: list[tuple[str, str, int]] = []

    async def work(self) -> None:
        while not self._clients.is_time_to_go_home:
            await self._pursue(self._choose())

    async def _pursue(self, wish: Wish) -> None:
        """Ask up to six times; sometimes both ways at once, sometimes too impatient to hear the answer."""
        for _ in range(self._rng.randint(1, 6)):
            mood = 1.0 if self._clients.patient else self._rng.random()
            if mood < 0.05:
                await asyncio.gather(*(self._clients.send(wish, self._rng) for _ in range(2)))
            elif mood < 0.10:
                patience = self._rng.uniform(_SHORTEST_PATIENCE_SECONDS, 0.03)
                await self._clients.send(wish, self._rng, patience_seconds=patience)
            else:
                await self._clients.send(wish, self._rng)
            if wish.told is not None:
                break
            await self._clients.pause(self._rng.uniform(0.05, 0.4))
            if self._clients.is_time_to_go_home:
                break
        if wish.is_granted and wish.path == "/v1/holds":
            wallet, change = next(iter(wish.changes.items()))
            self._holds.append((wish.hold_id, wallet, change.reserved))

    def _choose(self) -> Wish:
        self._count += 1
        key = f"{self._prefix}-{self._count}"
        amount = self._rng.randint(1, 500)
        one, other = self._rng.sample(self._wallets, 2)
        mood = self._rng.random()
        if self._holds and mood < 0.3:
            return self._settle_hold(key)
        if mood < 0.4:
            body: dict[str, object] = {"wallet_id": one, "amount": amount}
            return self._clients.wish(key, "/v1/holds", body, {one: Change(-amount, amount)})
        if mood < 0.5:
            return self._clients.wish(key, f"/v1/wallets/{one}/spend", {"amount": amount}, {one: Change(-amount)})
        if mood < 0.55:
            return self._clients.wish(key, f"/v1/wallets/{one}/topup", {"amount": amount}, {one: Change(amount)})
        body = {"from_wallet_id": one, "to_wallet_id": other, "amount": amount}
        return self._clients.wish(key, "/v1/transfers", body, {one: Change(-amount), other: Change(amount)})

    def _settle_hold(self, key: str) -> Wish:
        hold, wallet, amount = self._holds.pop()
        if self._rng.random() < 0.5:
            return self._clients.wish(key, f"/v1/holds/{hold}/capture", {}, {wallet: Change(0, -amount)})
        return self._clients.wish(key, f"/v1/holds/{hold}/release", {}, {wallet: Change(amount, -amount)})
