"""Sending webhooks to where tenants want them."""

from collections.abc import Mapping
from typing import Protocol

from core.domain.webhook_answers import DeliveryAnswer


class WebhookSender(Protocol):
    """Calls strangers' URLs, and only those that lead to public addresses."""

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float
    ) -> DeliveryAnswer:
        """
        POST *body* once and say what came of it, within *timeout_seconds* in all.

        The URL and every address its host leads to are checked anew, at every call. Redirects are not followed.
        It does not raise for anything that a network or a receiver may do.
        """
        ...
