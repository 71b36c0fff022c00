"""Deliveries: which, when, and how often; all that chance decides follows from the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from entrypoints.simulator.engine.accounts import MerchantAccount, WebhookManner
from entrypoints.simulator.engine.occasions import Occasion


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"
    """Never sent: the manner wanted that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    One event on its way to one address.

    Attributes:
        id: Sorts by event.
        body: The same bytes in each attempt; the signature is made anew.
        due_at: When the next attempt is, on the provider's clock.
        attempts: How many were made.
        outcome: What the last one met: an HTTP status, or the kind of failure.
    """

    id: str
    event_id: str
    event_type: str
    account_id: str
    url: str
    body: bytes
    due_at: datetime
    status: DeliveryStatus = DeliveryStatus.WAITING
    attempts: int = 0
    outcome: str | None = None

    def after_attempt(self, outcome: str, *, succeeded: bool, manner: WebhookManner, now: datetime) -> "Delivery":
        """The delivery after one more attempt: done, given up, or waiting twice as long as before."""
        attempts = self.attempts + 1
        if succeeded:
            return replace(self, status=DeliveryStatus.DELIVERED, attempts=attempts, outcome=outcome)
        if attempts >= manner.max_attempts:
            return replace(self, status=DeliveryStatus.GIVEN_UP, attempts=attempts, outcome=outcome)
        pause = min(manner.longest_retry_seconds, manner.first_retry_seconds * 2.0 ** min(attempts - 1, 30))
        return replace(self, attempts=attempts, outcome=outcome, due_at=now + timedelta(seconds=pause))


def planned(occasion: Occasion, account: MerchantAccount, body: bytes, *, seed: int) -> Iterator[Delivery]:
    """The deliveries of one event: one for each address, or two, or one that is dropped; each at its time."""
    manner = account.manner
    for index, endpoint in enumerate(account.webhooks):
        chance = random.Random(f"{seed}:{occasion.number}:{index}")  # noqa: S311 - repeatable, not secret
        is_dropped = chance.random() * 100 < manner.drop_percent
        copies = 2 if chance.random() * 100 < manner.duplicate_percent else 1
        for copy in range(1 if is_dropped else copies):
            wait = manner.delay_seconds + chance.random() * manner.reorder_window_seconds
            yield Delivery(
                id=f"{occasion.number:012}-{index}-{copy}",
                event_id=occasion.id,
                event_type=occasion.type,
                account_id=account.id,
                url=endpoint.url,
                body=body,
                due_at=occasion.at + timedelta(seconds=wait),
                status=DeliveryStatus.DROPPED if is_dropped else DeliveryStatus.WAITING,
            )
