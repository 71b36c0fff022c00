"""Which URLs may be registered for webhooks."""

from typing import Protocol


class WebhookUrlPolicy(Protocol):
    """The same rules that every attempt is held to, told early so that the tenant can mend the URL."""

    async def check_url(self, url: str) -> None:
        """
        Let a URL pass that leads to public addresses now.

        Raises:
            WebhookUrlRefused: Naming the rule, with the pointer ``#/url``.
        """
        ...
