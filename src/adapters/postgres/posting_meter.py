"""Figures of the group commit: cheap enough to keep for every batch."""

from collections import Counter, deque
from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.posting_queue import Submission
from ports.posting import PostingFigures

_REMEMBERED = 1000
_FORGET_EVERY_BATCHES = 1000
_HOTTEST = 10
_MAX_COUNTED_ACCOUNTS = 1000


class PostingMeter:
    """Counts batches, waits and accounts that several instructions of one batch wanted."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._batches = 0
        self._instructions = 0
        self._retries = 0
        self._batch_sizes: deque[int] = deque(maxlen=_REMEMBERED)
        self._waits_seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._contended: Counter[UUID] = Counter()

    def batch_written(self, submissions: Sequence[Submission], now: float) -> None:
        """One batch was committed at *now* (monotonic seconds)."""
        size = 0
        wanted: list[UUID] = []
        for submission in submissions:
            size += len(submission.requests)
            self._waits_seconds.append(now - submission.handed_in)
            for request in submission.requests:
                wanted += request.instruction.accounts
        self._batches += 1
        self._instructions += size
        self._batch_sizes.append(size)
        for account_id, count in Counter(wanted).items():
            if count > 1:
                self._contended[account_id] += count
        if self._batches % _FORGET_EVERY_BATCHES == 0 or len(self._contended) > _MAX_COUNTED_ACCOUNTS:
            self._contended = Counter({key: count // 2 for key, count in self._contended.most_common(_HOTTEST * 10)})

    def batch_retried(self) -> None:
        """One batch has to run again."""
        self._retries += 1

    def figures(self, *, waiting: int) -> PostingFigures:
        """All figures, with *waiting* submissions in the queue now."""
        return PostingFigures(
            batches=self._batches,
            instructions=self._instructions,
            batch_sizes=tuple(self._batch_sizes),
            waits_seconds=tuple(self._waits_seconds),
            retries=self._retries,
            waiting=waiting,
            hot_accounts=tuple(self._contended.most_common(_HOTTEST)),
        )
