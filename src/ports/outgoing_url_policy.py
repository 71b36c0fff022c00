"""Which URLs our own requests may go to: those of webhook endpoints, and those in gateway accounts' settings."""

from typing import Protocol


class OutgoingUrlPolicy(Protocol):
    """The same rules that every request is held to, told early so that the tenant can mend the URL."""

    async def check_url(self, url: str) -> None:
        """
        Let a URL pass that leads to public addresses now.

        Raises:
            OutgoingUrlRefused: Naming the rule, with the pointer ``#/url``.
        """
        ...
