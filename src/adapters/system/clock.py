"""The machine's clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.clock.Clock` with the machine's time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()
