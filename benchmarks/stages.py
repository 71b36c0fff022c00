"""Which stage of a transfer the CPU time of this process goes to, by sampling what runs."""

import signal
import time
from collections import defaultdict
from types import FrameType, TracebackType
from typing import Self

SAMPLE_SECONDS = 0.001

GENERATOR = "making the load"
WAITING = "event loop"
HTTP = "HTTP, routing, decoding"
AUTHENTICATION = "authentication"
DECIDING = "use case, decision, hashes"
DATABASE = "posting lane, encoding for PostgreSQL"
RENDERING = "rendering"
STAGES = (HTTP, AUTHENTICATION, DECIDING, DATABASE, RENDERING, WAITING)

# The innermost frame whose file has one of these in its path says the stage; the first match of a path counts.
# Response schemas are not among them: their time is their caller's, rendering's or a controller's.
_PLACES = (
    ("benchmarks/", GENERATOR),
    ("http/authentication", AUTHENTICATION),
    ("adapters/crypto", AUTHENTICATION),
    ("http/rendering", RENDERING),
    ("http/schemas/", None),
    ("core/domain/", DECIDING),
    ("core/application/", DECIDING),
    ("adapters/system/", DECIDING),
    ("adapters/postgres/", DATABASE),
    ("asyncpg/", DATABASE),
    ("entrypoints/http/", HTTP),
    ("litestar/", HTTP),
)


class StageSampler:
    """Counts CPU seconds of the main thread by stage for the time of one block (POSIX only)."""

    def __init__(self) -> None:
        """Nothing was counted."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._known: dict[str, str | None] = {}  # the stage by path
        self._last = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self._last = time.process_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        now = time.process_time()
        self.seconds[self._stage_of(frame)] += now - self._last
        self._last = now

    def _stage_of(self, frame: FrameType | None) -> str:
        while frame is not None:
            path = frame.f_code.co_filename
            if path not in self._known:
                self._known[path] = next((stage for part, stage in _PLACES if part in path), None)
            stage = self._known[path]
            if stage is not None:
                return stage
            frame = frame.f_back
        return WAITING
