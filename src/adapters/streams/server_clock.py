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
        self._ahead: float | None = None
        self._trusted_from = 0.0

    @property
    def is_trusted(self) -> bool:
        """Not within the time of grace after a jump."""
        return self._monotonic() >= self._trusted_from

    def window(self) -> tuple[float, float] | None:
        """From when to when the server's clock may stand now, in epoch seconds; None before the first look."""
        if self._ahead is None:
            return None
        expected = self._monotonic() + self._ahead
        return expected - self._tolerance, expected + self._tolerance

    def saw(self, server_seconds: float) -> None:
        """
        It stands there now.

        Raises:
            ClockJumped: If it should not; from now on it should.
        """
        window = self.window()
        self._ahead = server_seconds - self._monotonic()
        if window is not None and not window[0] <= server_seconds <= window[1]:
            self._trusted_from = self._monotonic() + self._grace
            raise ClockJumped(server_seconds)
