"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.clock.Clock` with the machine's time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)
