"""
Whether Redis's clock can be trusted just now.

How long an entry has been idle is a difference of that clock, which somebody may set: an hour forth, and every live
job looks lost. So the server's time is compared with our own monotonic clock at each look, and after a jump nothing is
taken away until everybody has had the time to renew.
"""

import time
from collections.abc import Callable


class ClockJumped(Exception):
    """Redis's clock is not where it should be; *server_seconds*: where it is."""

    def __init__(self, server_seconds: float) -> None:
        """At that epoch second."""
        super().__init__(f"the server's clock stands at {server_seconds:.3f}")
        self.server_seconds = server_seconds


class ServerClock:
    """One server's, as one of its clients sees it."""

    def __init__(
        self, *, tolerance_seconds: float, grace_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Believe differences up to *tolerance_seconds* between two looks; distrust for *grace_seconds* after more."""
        self._tolerance = tolerance_seconds
        self._grace = grace_seconds
        self._monotonic = monotonic
        self._ahead: tuple[float, float] | None = None
        """At least and at most: the server looked somewhere between our question and its answer's arrival."""
        self._trusted_from = 0.0

    @property
    def is_trusted(self) -> bool:
        """Not within the time of grace after a jump."""
        return self._monotonic() >= self._trusted_from

    def window(self) -> tuple[float, float] | None:
        """From when to when the server's clock may stand now, in epoch seconds; None before the first look."""
        if self._ahead is None:
            return None
        return self._within(self._monotonic(), self._monotonic())

    def asking(self) -> float:
        """The moment to tell `saw`, when a question is sent."""
        return self._monotonic()

    def saw(self, server_seconds: float, *, asked_at: float) -> None:
        """
        It stood there at some moment since *asked_at*; how long the answer lay about, while we stood still, is no jump.

        Raises:
            ClockJumped: If it should not; from now on it should.
        """
        now = self._monotonic()
        least, most = server_seconds - now, server_seconds - asked_at
        if self._ahead is None:
            self._ahead = least, most
            return
        earliest, latest = self._within(asked_at, now)
        if not earliest <= server_seconds <= latest:
            self._ahead = least, most
            self._trusted_from = now + self._grace
            raise ClockJumped(server_seconds)
        # An answer that came late says little: what was known before bounds it.
        self._ahead = max(least, self._ahead[0] - self._tolerance), min(most, self._ahead[1] + self._tolerance)

    def _within(self, asked_at: float, now: float) -> tuple[float, float]:
        least, most = self._ahead or (0.0, 0.0)
        return asked_at + least - self._tolerance, now + most + self._tolerance
