"""Telling downstream consumers, over a stream that may forget."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.events import Event


class EventPublisher(Protocol):
    """At least once, in order; consumers see gaps by the positions and read the log."""

    async def publish(self, events: Sequence[Event]) -> None:
        """
        Append them to the stream, in this order.

        Raises:
            Unavailable: If it does not answer; they may or may not be there.
        """
        ...

    async def remembers(self) -> bool:
        """
        Whether the stream still is the one that was begun; False after a flush or a restart without its data.

        Raises:
            Unavailable: If it does not answer.
        """
        ...

    async def begin(self) -> None:
        """
        Call the stream begun, once everything it should have is unpublished again.

        Raises:
            Unavailable: If it does not answer.
        """
        ...
