"""What time it is, outside the ledger (entries take their time from PostgreSQL, under lock)."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time that tests can move."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, also while the process is stopped: for deadlines, comparable within one machine."""
        ...
