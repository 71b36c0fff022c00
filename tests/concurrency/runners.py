"""Runners of operations beside each other, before a fulfilment service that does what the test says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
from dependency_injector import providers

from adapters.system.clock import SystemClock
from concurrency.market import TRACE, Market, tell
from conftest import TestDatabase
from core.application.orders.place_order import PlaceOrder
from core.application.transfers.request import Details
from core.domain.attempts import AttemptPolicy
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import OrderId, WalletId
from core.domain.operations import Operation
from core.domain.orders import Order, OrderStatus
from core.domain.outcomes import Absent, NotSent, Outcome, Sighting, Succeeded, Unknown
from entrypoints.container import Container
from entrypoints.settings import Settings
from ports.fulfilment import FulfilmentRequest
from ports.operation_repository import RecordedAttempt

QUICK = AttemptPolicy(deadline_seconds=2.0, backoff_seconds=0.001, longest_backoff_seconds=0.001)
"""As in production, but for the pauses."""

Submit = Callable[[FulfilmentRequest, float], Awaitable[Outcome]]


class MovableClock:
    """Implements `ports.clock.Clock`; a process that was stopped finds it later than it thought."""

    def __init__(self) -> None:
        self._clock, self.slept_seconds = SystemClock(), 0.0

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.slept_seconds


class ScriptedFulfilment:
    """Implements `ports.fulfilment.Fulfilment`; does each key once, as a good service, and answers as it is told."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.asked: Counter[UUID] = Counter()
        self.looked_up: Counter[UUID] = Counter()
        self.done: set[UUID] = set()
        self.next_submits: list[Submit] = []
        self.before_looking: Callable[[], Awaitable[None]] | None = None

    async def submit(self, request: FulfilmentRequest, *, deadline_at: float) -> Outcome:
        if self.next_submits:
            return await self.next_submits.pop(0)(request, deadline_at)
        return await self.do(request, deadline_at)

    async def find(self, key: UUID, *, deadline_at: float) -> Sighting:
        self.looked_up[key] += 1
        if self.before_looking is not None:
            await self.before_looking()
        return Succeeded(f"parcel {key}") if key in self.done else Absent(authoritative=True)

    async def do(self, request: FulfilmentRequest, deadline_at: float) -> Outcome:
        """Looks at the clock right before the first byte, as every adapter must."""
        if self.clock.monotonic() >= deadline_at:
            return NotSent("the deadline has passed")
        self.asked[request.key] += 1
        self.done.add(request.key)
        return Succeeded(f"parcel {request.key}")

    async def do_and_lose_the_answer(self, request: FulfilmentRequest, deadline_at: float) -> Outcome:
        """It happened, and nobody heard of it."""
        await self.do(request, deadline_at)
        return Unknown("no answer")

    async def lose_the_request(self, _request: FulfilmentRequest, _deadline_at: float) -> Outcome:
        """It did not happen, and nobody knows."""
        return Unknown("no answer")


@dataclass(slots=True)
class Pause:
    """A place where a runner stops until it is let go on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.reached.set()
        await self.go_on.wait()

    async def is_reached(self) -> None:
        async with asyncio.timeout(5):
            await self.reached.wait()


@dataclass(slots=True)
class Runners:
    """One tenant's orders, and everything that runs their operations."""

    market: Market
    container: Container
    fulfilment: ScriptedFulfilment
    clock: MovableClock
    owner_url: str

    async def place(self, wallet_id: WalletId, amount: int = 10) -> Order:
        """An order of the wallet's."""
        command = PlaceOrder(
            tenant_id=self.market.tenant_id,
            claim=IdempotencyClaim(self.market.tenant_id, uuid4().hex, bytes(32)),
            trace_id=TRACE,
            render=tell,
            wallet_id=wallet_id,
            user_id=None,
            asset=None,
            amount=amount,
            items="[]",
            details=Details(),
            render_order=lambda order: Answer(201, str(order.id).encode()),
        )
        answer = await self.container.place_order()(command)
        assert answer.status == 201, answer
        return await self.order(OrderId(UUID(answer.body.decode())))

    async def place_unknown(self, *, done: bool) -> Order:
        """An order whose first answer got lost, after or before the work."""
        first = self.fulfilment.do_and_lose_the_answer if done else self.fulfilment.lose_the_request
        self.fulfilment.next_submits.append(first)
        placed = await self.place(await self.market.wallet(100))
        assert placed.status is OrderStatus.FULFILLING
        return placed

    async def run(self, order: Order) -> Operation | None:
        """As a worker would."""
        return await self.container.run_operation()(order.tenant_id, order.operation_id)

    async def order(self, order_id: OrderId) -> Order:
        """As it stands."""
        return await self.container.read_orders().get(self.market.tenant_id, order_id)

    async def history(self, order: Order) -> tuple[Operation, list[RecordedAttempt]]:
        """The operation as it stands, and what its attempts saw."""
        operation, attempts = await self.container.read_operations().get(order.tenant_id, order.operation_id)
        return operation, list(attempts)

    async def lease_ends(self) -> None:
        """Time goes on, for all but those who are stopped."""
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute("UPDATE schedule_clock SET ahead = ahead + interval '1 minute'")
        await owner.close()


@asynccontextmanager
async def open_runners(
    database: TestDatabase, market: Market, *, database_url: str | None = None, policy: AttemptPolicy = QUICK
) -> AsyncIterator[Runners]:
    """Runners on *database*, or on the way to it that *database_url* is."""
    environment = database.environment() | {
        "BURSAR_FULFILMENT_URL": "http://127.0.0.1:1",
        "BURSAR_FULFILMENT_TOKEN": "never-sent",
    }
    if database_url is not None:
        environment["BURSAR_DATABASE_URL"] = database_url
    container, clock = Container(settings=Settings.from_environment(environment)), MovableClock()
    fulfilment = ScriptedFulfilment(clock)
    container.clock.override(providers.Object(clock))
    container.fulfilment.override(providers.Object(fulfilment))
    container.attempt_policy.override(providers.Object(policy))
    yield Runners(market, container, fulfilment, clock, database.owner_url)
    await container.database().dispose()
