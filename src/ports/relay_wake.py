"""Waking the relay when there is something to relay; it would look by itself a little later."""

from typing import Protocol


class RelayWake(Protocol):
    """Best effort: never waits, never fails."""

    def nudge(self) -> None:
        """Something was committed that has events."""
        ...
