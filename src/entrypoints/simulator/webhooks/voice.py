"""How one wire protocol tells events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from entrypoints.simulator.engine.occasions import Occasion


class WebhookVoice(Protocol):
    """A protocol's words for events, and its signature."""

    def body(self, occasion: Occasion) -> bytes:
        """The event as it is sent."""
        ...

    def headers(self, body: bytes, secrets: Sequence[str], *, at: datetime) -> Mapping[str, str]:
        """What goes along with an attempt at this time, signed with every secret."""
        ...
