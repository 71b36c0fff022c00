"""The task that delivers: at least once, in no certain order, again and again until somebody says 2xx."""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from entrypoints.simulator.clock import MovableClock
from entrypoints.simulator.engine.accounts import MerchantAccount
from entrypoints.simulator.engine.occasions import Occasion
from entrypoints.simulator.webhooks.deliveries import Delivery, DeliveryStatus, planned
from entrypoints.simulator.webhooks.post import NoHttpAnswer, post
from entrypoints.simulator.webhooks.voice import WebhookVoice

ATTEMPT_TIMEOUT_SECONDS = 10.0
AT_ONCE = 32
REMEMBERED = 20_000

FindAccount = Callable[[str], MerchantAccount | None]
Keep = Callable[[Sequence[Delivery], Sequence[str]], None]


class WebhookSender:
    """Deliveries that wait, in the order in which they are due, and those that are over."""

    def __init__(
        self,
        voices: Mapping[str, WebhookVoice],
        clock: MovableClock,
        find_account: FindAccount,
        keep: Keep,
        *,
        seed: int,
    ) -> None:
        """
        Speak with the voice of each account's protocol.

        *keep* writes down deliveries that changed, and takes the ids of those to be forgotten.
        """
        self._voices = voices
        self._clock = clock
        self._find_account = find_account
        self._keep = keep
        self._seed = seed
        self._all: OrderedDict[str, Delivery] = OrderedDict()
        self._waiting: list[tuple[datetime, str]] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    def speaks(self, protocol: str) -> bool:
        """Whether there is a voice for *protocol*."""
        return protocol in self._voices

    def load(self, delivery: Delivery) -> None:
        """Take up what an earlier process kept."""
        self._remember(delivery)

    def plan(self, occasions: Iterable[Occasion]) -> list[Delivery]:
        """What is to be delivered for *occasions*; nothing is sent before `accept`."""
        return [
            delivery
            for occasion in occasions
            if (account := self._find_account(occasion.account_id)) is not None and account.webhooks
            for delivery in planned(occasion, account, self._voices[account.protocol].body(occasion), seed=self._seed)
        ]

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """Deliver these, which are written down."""
        for delivery in deliveries:
            self._remember(delivery)
        self._woken.set()

    def wake(self) -> None:
        """Look again: the clock was moved."""
        self._woken.set()

    def deliveries(self, account_id: str | None, limit: int) -> list[Delivery]:
        """The latest *limit*, newest first."""
        found = (each for each in reversed(self._all.values()) if account_id in {None, each.account_id})
        return [delivery for delivery, _ in zip(found, range(limit), strict=False)]

    def send_again(self, event_id: str) -> int:
        """Deliver all of an event once more; how many deliveries that is."""
        now = self._clock.now()
        again = [
            replace(delivery, status=DeliveryStatus.WAITING, due_at=now, attempts=0)
            for delivery in self._all.values()
            if delivery.event_id == event_id
        ]
        self._keep(again, [])
        self.accept(again)
        return len(again)

    def is_idle(self) -> bool:
        """Whether nothing is due or on its way."""
        is_due = bool(self._waiting) and self._waiting[0][0] <= self._clock.now()
        return not is_due and not self._in_flight

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                await self._step()
        finally:
            for task in self._in_flight:
                task.cancel()

    async def _step(self) -> None:
        self._woken.clear()
        while len(self._in_flight) < AT_ONCE and (delivery := self._pop_due()) is not None:
            task = asyncio.create_task(self._attempt(delivery))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)
        pause = None
        if self._waiting and len(self._in_flight) < AT_ONCE:
            pause = self._clock.seconds_until(self._waiting[0][0])
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        self._woken.set()

    def _pop_due(self) -> Delivery | None:
        now = self._clock.now()
        while self._waiting and self._waiting[0][0] <= now:
            due_at, delivery_id = heapq.heappop(self._waiting)
            delivery = self._all.get(delivery_id)
            if delivery is not None and delivery.status is DeliveryStatus.WAITING and delivery.due_at == due_at:
                return delivery
        return None

    async def _attempt(self, delivery: Delivery) -> None:
        account = self._find_account(delivery.account_id)
        if account is None:
            return  # accounts are never closed
        manner = account.manner
        # Merchants compare with the real time, whatever the provider's clock was set to.
        signed_at = self._clock.real_now() + timedelta(seconds=manner.timestamp_offset_seconds)
        headers = self._voices[account.protocol].headers(
            delivery.body, _secrets_for(account, delivery.url), at=signed_at
        )
        succeeded = False
        try:
            async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS):
                status = await post(delivery.url, delivery.body, headers)
            outcome, succeeded = str(status), 200 <= status < 300
        except (OSError, ValueError, NoHttpAnswer) as error:  # a TimeoutError is an OSError
            outcome = type(error).__name__
        after = delivery.after_attempt(outcome, succeeded=succeeded, manner=manner, now=self._clock.now())
        self._keep([after], [])
        self._remember(after)

    def _remember(self, delivery: Delivery) -> None:
        self._all[delivery.id] = delivery
        if delivery.status is DeliveryStatus.WAITING:
            heapq.heappush(self._waiting, (delivery.due_at, delivery.id))
        if len(self._all) > REMEMBERED:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Forget the oldest that is over; what waits is never forgotten."""
        for delivery in self._all.values():
            if delivery.status is not DeliveryStatus.WAITING:
                del self._all[delivery.id]
                self._keep([], [delivery.id])
                return


def _secrets_for(account: MerchantAccount, url: str) -> tuple[str, ...]:
    """The secrets of now: a retry is signed with what is valid by then."""
    return next((endpoint.secrets for endpoint in account.webhooks if endpoint.url == url), ())
