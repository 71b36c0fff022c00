"""The provider's clock: the real one, set forward on request."""

import time
from datetime import UTC, datetime, timedelta


class MovableClock:
    """Runs with the real time, and can be set forward, never back."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        """Begin *offset_seconds* ahead of the real time."""
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """The provider's time, in UTC."""
        return self.real_now() + timedelta(seconds=self.offset_seconds)

    @staticmethod
    def real_now() -> datetime:
        """Everybody's time, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - somebody else's system: our ports are not its own

    def advance(self, seconds: float) -> None:
        """Set it forward by that much, which is not negative."""
        assert seconds >= 0
        self.offset_seconds += seconds

    def seconds_until(self, when: datetime) -> float:
        """How long to wait for *when* if nobody moves the clock; never negative."""
        return max(0.0, (when - self.now()).total_seconds())
