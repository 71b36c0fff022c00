"""Clients of a counter: they pay in every way there is, want their money back, and ask until they are answered."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from e2e.clients import Clients
from e2e.journal_of_clients import Wish
from e2e.wire import NoAnswer, Wire

PAYMENTS = "/v1/payments"
RETURN_URL = "http://127.0.0.1:9/paid"

_ASK_AGAIN_SECONDS = 0.3
_ASK_AGAIN_AT_MOST = 200
_FIRST_LOOK_SECONDS, _LONGEST_PAUSE_SECONDS = 0.3, 2.0
_DONE = 200
_SMALLEST, _LARGEST = 200, 50_000
_BY_SHARE: tuple[tuple[int, str | None], ...] = (
    (44, "pm_card_ok"),
    (3, "pm_card_declined_insufficient_funds"),
    (3, "pm_card_declined_lost_card"),
    (2, "pm_card_declined_issuer_unavailable"),
    (12, "pm_card_3ds"),
    (2, "pm_card_3ds_declined"),
    (9, "pm_bank_async"),
    (3, "pm_bank_async_fail"),
    (6, "pm_card_late_success"),
    (6, "pm_card_refund_fails"),
    (4, "pm_card_refund_fails_late"),
    (6, None),
)
"""Means of payment, and how many of a hundred payers have it; see docs/simulator.md for what becomes of each."""

_MANUAL_SHARE, _CANCELING_SHARE = 0.3, 0.15
_LEAVING_SHARE, _REFUSING_SHARE = 0.15, 0.1
_DECIDED = frozenset({"authorized", "partially_captured", "captured", "closed", "failed", "canceled", "expired"})


@dataclass(slots=True)
class Crowd:
    """
    What all payers share.

    Attributes:
        wanted: How many payments and refunds shall be granted, at least.
        wallets: Assets by wallets.
        browser: For pages of the provider's.
        patience_seconds: How long a payer waits for a decision; then the counter has to end it without the payer.
        granted: How many there are; *paying*: how many people still ask.
        at_home: When all have gone.
    """

    wanted: int
    wallets: dict[str, str]
    wire: Wire
    browser: httpx.AsyncClient
    patience_seconds: float
    granted: int = 0
    at_home: asyncio.Event = field(default_factory=asyncio.Event)
    paying: int = 0


class Payer:
    """One of them, one payment after the other; *number* and the clients' seed decide all that is chosen."""

    def __init__(self, clients: Clients, number: int, crowd: Crowd) -> None:
        """One of *clients*."""
        self._clients = clients
        self._rng, self._prefix, self._wallets = clients.person(number)
        self._crowd = crowd
        self._count = 0

    async def work(self) -> None:
        """Until there are enough."""
        self._crowd.paying += 1
        try:
            while self._crowd.granted < self._crowd.wanted:
                await self._pay()
        finally:
            self._crowd.paying -= 1
            if not self._crowd.paying:
                self._crowd.at_home.set()

    async def _pay(self) -> None:
        shares, methods = zip(*_BY_SHARE, strict=True)
        [method] = self._rng.choices(methods, shares)
        manual = self._rng.random() < _MANUAL_SHARE
        wish = self._wish(
            PAYMENTS,
            {
                "wallet_id": self._rng.choice(self._wallets),
                "amount": self._rng.randint(_SMALLEST, _LARGEST),
                "capture": "manual" if manual else "automatic",
                "return_url": RETURN_URL,
                **({} if method is None else {"payment_method": method}),
            },
        )
        leaves, refuses = self._rng.random() < _LEAVING_SHARE, self._rng.random() < _REFUSING_SHARE
        plan = self._rng.randrange(2**32)
        await self._pursue(wish)
        if not wish.is_granted:
            return
        self._crowd.granted += 1
        payment = await self._until_decided(wish.order_id, leaves=leaves, refuses=refuses)
        plans = random.Random(plan)
        if payment.get("status") == "authorized":
            if plans.random() < _CANCELING_SHARE:
                await self._pursue(self._step(payment, "cancel", {}))
                return
            payment = await self._capture(payment, plans)
        if payment.get("captured", 0) > 0:
            await self._refund(payment, plans)

    async def _until_decided(self, payment_id: str, *, leaves: bool, refuses: bool) -> dict[str, Any]:
        """The payment, decided or not; the payer acts when it is the payer's turn, unless the payer leaves."""
        acted = False
        payment: dict[str, Any] = {}
        async for _ in self._moments():
            payment = await self._look(payment_id) or payment
            if payment.get("status") in _DECIDED:
                break
            if payment.get("status") == "requires_action" and not acted:
                if leaves:
                    break
                acted = True
                await self._act(payment, refuses=refuses)
        return payment

    async def _act(self, payment: dict[str, Any], *, refuses: bool) -> None:
        """On the provider's page; half of them come back to the counter's page then."""
        form = (
            {"action": "approve"} if payment["payment_method"] else {"action": "pay", "card_number": "4242424242424242"}
        )
        answer = await self._crowd.browser.post(
            payment["next_action"]["url"], data={"action": "refuse"} if refuses else form
        )
        assert answer.status_code == 303, answer.text
        if self._rng.random() < 0.5:
            try:
                back = await self._crowd.wire.post(f"{PAYMENTS}/{payment['id']}/confirm", b"", key="unused")
            except NoAnswer:
                return
            if back.status not in {200, 202, 503}:
                self._clients.journal.breaches.append(f"back from the page: {back.status} {back.body.decode()}")

    async def _capture(self, payment: dict[str, Any], plans: random.Random) -> dict[str, Any]:
        """All at once, or in up to three parts, the last one final or not."""
        parts = plans.choice((1, 1, 2, 3))
        for part in range(parts):
            left = payment["amount"] - payment["captured"]
            is_last = part == parts - 1
            amount = left if is_last and plans.random() < 0.5 else plans.randint(1, max(1, left // 2))
            wish = self._step(payment, "capture", {"amount": amount, "final": is_last and plans.random() < 0.8})
            await self._pursue(wish)
            payment = await self._until_captured(payment, payment["captured"] + amount)
            if wish.told is None or wish.told.status != _DONE or payment["capturable"] == 0:
                break  # as long as nobody knows what became of one part, there is no other
        return payment

    async def _until_captured(self, payment: dict[str, Any], captured: int) -> dict[str, Any]:
        async for _ in self._moments():
            payment = await self._look(payment["id"]) or payment
            if payment["captured"] >= captured:
                break
        return payment

    async def _refund(self, payment: dict[str, Any], plans: random.Random) -> None:
        """Nothing, all, a part, or three at once of which one can be had."""
        captured, mood = payment["captured"], plans.random()
        if mood < 0.4:
            return
        amounts: list[int | None] = [None]
        if mood > 0.55:
            amounts = [plans.randint(1, captured)]
        if mood > 0.8:
            amounts = [captured // 2 + 1] * 3
        path = f"{PAYMENTS}/{payment['id']}/refunds"
        wishes = [self._wish(path, {} if amount is None else {"amount": amount}) for amount in amounts]
        await asyncio.gather(*(self._pursue(wish) for wish in wishes))
        self._crowd.granted += sum(wish.is_granted for wish in wishes)

    async def _pursue(self, wish: Wish) -> None:
        """Ask until there is an answer; sometimes twice at once."""
        for _ in range(_ASK_AGAIN_AT_MOST):
            times = 2 if self._rng.random() < 0.05 else 1
            await asyncio.gather(*(self._clients.send(wish, self._rng) for _ in range(times)))
            if wish.told is not None:
                return
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        self._clients.journal.breaches.append(f"{wish.name} was never answered")

    async def _moments(self) -> AsyncIterator[float]:
        """When to look again, ever less often, until patience ends."""
        give_up_at, pause = monotonic() + self._crowd.patience_seconds, _FIRST_LOOK_SECONDS
        while (now := monotonic()) < give_up_at:
            yield now
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _look(self, payment_id: str) -> dict[str, Any] | None:
        try:
            answer = await self._crowd.wire.get(f"{PAYMENTS}/{payment_id}")
        except NoAnswer:
            return None
        payment: dict[str, Any] = json.loads(answer.body)
        return payment if answer.status == 200 else None

    def _wish(self, path: str, body: dict[str, object]) -> Wish:
        return self._clients.wish(self._key(), path, body, {})

    def _step(self, payment: dict[str, Any], step: str, body: dict[str, object]) -> Wish:
        """One on a payment that is there; its request has no place for metadata."""
        path = f"{PAYMENTS}/{payment['id']}/{step}"
        return self._clients.journal.enter(Wish(self._key(), path, json.dumps(body).encode(), {}))

    def _key(self) -> str:
        self._count += 1
        return f"{self._prefix}-{self._count}"
