"""One running provider: the engine, its file, its clock, and its tasks."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from entrypoints.simulator.clock import MovableClock
from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.books import Books, Changes, Kept
from entrypoints.simulator.engine.movements import Movement
from entrypoints.simulator.engine.occasions import DueStep
from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.provider import Provider
from entrypoints.simulator.engine.refunds import Refund
from entrypoints.simulator.exchange.faults import FaultBoard
from entrypoints.simulator.exchange.idempotency import IdempotencyKeys, KeptAnswer
from entrypoints.simulator.store.truth_file import Drop, Put, TruthFile
from entrypoints.simulator.webhooks.deliveries import Delivery
from entrypoints.simulator.webhooks.sender import WebhookSender
from entrypoints.simulator.webhooks.voice import WebhookVoice

_KINDS: Final[dict[type[Kept], str]] = {
    MerchantAccount: "account",
    Payment: "payment",
    Refund: "refund",
    Payout: "payout",
    Movement: "movement",
    DueStep: "due_step",
}
_ANSWER, _DELIVERY, _STATE = "answer", "delivery", "state"
_ID_BYTES = 15
_LONGEST_SLEEP_SECONDS = 3600.0


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to nothing else."""

    clock_offset_seconds: float = 0.0
    occasions: int = 0


class Simulator:
    """
    All that a request can reach. Whoever changes something does it inside `turn`.

    Attributes:
        base_url: Where payers find the hosted page.
    """

    def __init__(self, file: TruthFile, voices: Mapping[str, WebhookVoice], *, base_url: str, seed: int) -> None:
        """Take up what *file* holds; *voices* tell events, by protocol; *seed* decides all that chance decides."""
        self.base_url = base_url
        self.seed = seed
        self.file = file
        state = next((msgspec.json.decode(body, type=_State) for body in file.load(_STATE)), _State())
        self.clock = MovableClock(state.clock_offset_seconds)
        self.provider = Provider(Books(_new_id, occasions_so_far=state.occasions))
        self.faults = FaultBoard()
        self.keys = IdempotencyKeys()
        self.webhooks = WebhookSender(voices, self.clock, self.books.accounts.get, self._keep_deliveries, seed=seed)
        self.stopping = asyncio.Event()
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._load()

    @property
    def books(self) -> Books:
        """The engine's memory, to read in."""
        return self.provider.books

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[list[KeptAnswer]]:
        """
        Change things, alone; on leaving, all changes are written in one transaction, together with the answers that
        were put into the list, and events go out.
        """
        async with self._lock:
            answers: list[KeptAnswer] = []
            try:
                yield answers
            finally:
                self._write(self.books.take_changes(), answers)

    async def advance(self, seconds: float) -> None:
        """Set the clock forward, and do all that is due by then before this returns."""
        async with self.turn():
            self.clock.advance(seconds)
            self.provider.run_due(self.clock.now())
            self._forget_old_answers()
            self.file.write([self._state()])
        self.webhooks.wake()

    async def run(self) -> None:
        """Do what becomes due, and deliver events, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_due_steps())
            tasks.create_task(self.webhooks.run())

    async def _run_due_steps(self) -> None:
        while True:
            self._woken.clear()
            due = self.books.next_due()
            pause = _LONGEST_SLEEP_SECONDS if due is None else self.clock.seconds_until(due)
            try:
                async with asyncio.timeout(min(pause, _LONGEST_SLEEP_SECONDS)):
                    await self._woken.wait()
            except TimeoutError:
                async with self.turn():
                    self.provider.run_due(self.clock.now())
                    self._forget_old_answers()

    def _write(self, changes: Changes, answers: Sequence[KeptAnswer]) -> None:
        deliveries = self.webhooks.plan(changes.occasions)
        documents: list[Put | Drop] = [
            Put(_KINDS[kind], name, _encode(kept)) for (kind, name), kept in changes.kept.items()
        ]
        documents += [Drop(_KINDS[kind], name) for kind, name in changes.forgotten]
        documents += [Put(_ANSWER, answer.id, _encode(answer)) for answer in answers]
        documents += [Put(_DELIVERY, delivery.id, _encode(delivery)) for delivery in deliveries]
        if changes.occasions:
            documents.append(self._state())
        self.file.write(documents, changes.truth)
        self.webhooks.accept(deliveries)
        self._woken.set()

    def _state(self) -> Put:
        state = _State(clock_offset_seconds=self.clock.offset_seconds, occasions=self.books.occasions_so_far)
        return Put(_STATE, _STATE, _encode(state))

    def _forget_old_answers(self) -> None:
        self.file.write([Drop(_ANSWER, answer.id) for answer in self.keys.prune(self.clock.now())])

    def _keep_deliveries(self, changed: Sequence[Delivery], forgotten: Sequence[str]) -> None:
        puts = [Put(_DELIVERY, delivery.id, _encode(delivery)) for delivery in changed]
        self.file.write([*puts, *(Drop(_DELIVERY, each) for each in forgotten)])

    def _load(self) -> None:
        for kind, name in _KINDS.items():
            for body in self.file.load(name):
                self.books.load(msgspec.json.decode(body, type=kind))
        for body in self.file.load(_ANSWER):
            self.keys.load(msgspec.json.decode(body, type=KeptAnswer))
        for body in self.file.load(_DELIVERY):
            self.webhooks.load(msgspec.json.decode(body, type=Delivery))


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _new_id(prefix: str) -> str:
    """A name that nobody can guess and no restart repeats."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()}"
