"""Judging a webhook's URL when it is registered."""

from adapters.http.address_guard import AddressGuard, AddressRefused
from adapters.http.destinations import DestinationRefused
from adapters.http.resolver import NameNotResolved
from core.domain.webhook_endpoints import WebhookUrlRefused


class GuardedWebhookUrlPolicy:
    """Implements `ports.webhook_url_policy.WebhookUrlPolicy` with the guard that also stands before every attempt."""

    def __init__(self, guard: AddressGuard) -> None:
        """Ask *guard*."""
        self._guard = guard

    async def check_url(self, url: str) -> None:
        """
        Let a URL pass that leads to public addresses now.

        Raises:
            WebhookUrlRefused: Naming the rule, with the pointer ``#/url``.
        """
        try:
            await self._guard.approve(url)
        except (DestinationRefused, AddressRefused, NameNotResolved) as refusal:
            raise WebhookUrlRefused(str(refusal), pointer="#/url") from refusal
