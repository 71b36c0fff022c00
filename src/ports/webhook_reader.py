"""Understanding what a provider tells us unasked (design: gateways)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.domain.gateways import RawWebhook, Snapshot, VerifiedWebhook


class WebhookNotAuthentic(Exception):
    """The signature does not hold, is missing, too old or too new, or the body is not the provider's."""


class WebhookReader(Protocol):
    """Synchronous and pure: no I/O, no clock of its own."""

    def verify(self, raw: RawWebhook, secrets: Sequence[str], *, now: datetime) -> VerifiedWebhook:
        """
        The message, if one of *secrets* signed exactly these bytes within five minutes of *now*, either way.

        Raises:
            WebhookNotAuthentic: Otherwise, and above `MAX_WEBHOOK_BYTES`, without saying which check failed.
        """
        ...

    def translate(self, webhook: VerifiedWebhook) -> Sequence[Snapshot]:
        """What it says about payments, refunds and payouts: none, one or several; unknown types say nothing."""
        ...
