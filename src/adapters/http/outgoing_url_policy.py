"""Judging a URL that we shall call, when it is registered."""

from adapters.http.address_guard import AddressGuard, AddressRefused
from adapters.http.destinations import DestinationRefused
from adapters.http.resolver import NameNotResolved
from core.domain.outgoing_urls import OutgoingUrlRefused


class GuardedOutgoingUrlPolicy:
    """Implements `ports.outgoing_url_policy.OutgoingUrlPolicy` with the guard that also stands before every request."""

    def __init__(self, guard: AddressGuard) -> None:
        """Ask *guard*."""
        self._guard = guard

    async def check_url(self, url: str) -> None:
        """
        Let a URL pass that leads to public addresses now.

        Raises:
            OutgoingUrlRefused: Naming the rule, with the pointer ``#/url``.
        """
        try:
            await self._guard.approve(url)
        except (DestinationRefused, AddressRefused, NameNotResolved) as refusal:
            raise OutgoingUrlRefused(str(refusal), pointer="#/url") from refusal
