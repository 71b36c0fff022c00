"""The bounded queue in front of the group commit: submissions wait here while a batch is being written."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from core.domain.idempotency import Answer
from core.domain.instructions import PostingRequest
from ports.posting import PostingQueueFull, PostingStopping, PostingTooLate, PostingUnconfirmed


@dataclass(slots=True, eq=False)
class Submission:
    """
    Requests handed in together, answered together, and the future their caller waits on.

    Attributes:
        weight: About how many entries they write.
        handed_in: Monotonic seconds.
        in_doubt: A connection was lost under it: it may have been committed.
    """

    requests: list[PostingRequest]
    weight: int
    handed_in: float
    answered: "asyncio.Future[list[Answer]]" = field(repr=False)
    in_doubt: bool = False

    def answer(self, answers: list[Answer]) -> None:
        """Tell the caller, if it still waits."""
        if not self.answered.done():
            self.answered.set_result(answers)

    def fail(self, error: Exception) -> None:
        """Tell the caller it did not happen, or that nobody knows, if it still waits."""
        if not self.answered.done():
            self.answered.set_exception(error)


class PostingQueue:
    """First in, first out, weighed by entries; refuses rather than grows."""

    def __init__(self, *, capacity: int, batch_weight: int, max_age_seconds: float) -> None:
        """Hold at most *capacity* entries; hand out batches of about *batch_weight*; nothing older than the age."""
        self._capacity = capacity
        self._batch_weight = batch_weight
        self._max_age_seconds = max_age_seconds
        self._waiting: deque[Submission] = deque()
        self._weight = 0
        self._closed = False
        self._arrived = asyncio.Event()
        self._alarm: asyncio.Handle | None = None
        self._alarm_at = 0.0

    def put(self, requests: list[PostingRequest]) -> "asyncio.Future[list[Answer]]":
        """
        Join the queue.

        Raises:
            PostingQueueFull: If the queue holds its capacity.
            PostingStopping: After `close`.
        """
        if self._closed:
            raise PostingStopping("this process is shutting down")
        weight = sum(request.instruction.weight for request in requests)
        if self._weight and self._weight + weight > self._capacity:
            raise PostingQueueFull("too many requests are waiting")
        loop = asyncio.get_running_loop()
        submission = Submission(requests, weight, loop.time(), loop.create_future())
        self._append(submission)
        return submission.answered

    def put_back(self, submissions: list[Submission]) -> None:
        """Let the submissions wait again, behind the others: however many they are, they stand in nobody's way."""
        for submission in submissions:
            self._append(submission)

    async def take(self, *, timeout_seconds: float | None) -> list[Submission]:
        """
        All that waits, up to the weight of a batch; at least one, unless the time is up or the queue closed empty.

        What has waited longer than the maximal age fails with `PostingTooLate` instead, taken or not.
        """
        while not self._waiting and not self._closed:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        oldest = asyncio.get_running_loop().time() - self._max_age_seconds
        batch: list[Submission] = []
        weight = 0
        while self._waiting and (not batch or weight + self._waiting[0].weight <= self._batch_weight):
            submission = self._waiting.popleft()
            self._weight -= submission.weight
            if submission.handed_in < oldest:
                _tell_too_late(submission)
                continue
            weight += submission.weight
            batch.append(submission)
        return batch

    def close(self) -> None:
        """Take nothing new; what waits may still be taken."""
        self._closed = True
        self._arrived.set()

    def abandon(self) -> None:
        """Close, and tell whoever still waits that it was not begun, or that nobody knows."""
        self.close()
        if self._alarm is not None:
            self._alarm.cancel()
        while self._waiting:
            submission = self._waiting.popleft()
            submission.fail(
                PostingUnconfirmed("the process stopped before the outcome was known")
                if submission.in_doubt
                else PostingStopping("the process stopped before the request was begun")
            )
        self._weight = 0

    @property
    def instructions(self) -> int:
        """How many instructions wait."""
        return sum(len(submission.requests) for submission in self._waiting)

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return not self._waiting

    @property
    def is_drained(self) -> bool:
        """Whether it is closed and empty."""
        return self._closed and not self._waiting

    def _append(self, submission: Submission) -> None:
        self._waiting.append(submission)
        self._weight += submission.weight
        self._arrived.set()
        self._set_alarm(submission.handed_in + self._max_age_seconds)

    def _set_alarm(self, at: float) -> None:
        if self._alarm is not None:
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().call_at(at, self._fail_overdue)

    def _fail_overdue(self) -> None:
        """Nobody waits past the maximal age because the lane is held up by a batch before theirs."""
        self._alarm = None
        oldest = asyncio.get_running_loop().time() - self._max_age_seconds
        waiting, self._waiting, self._weight = self._waiting, deque(), 0
        for submission in waiting:
            if submission.handed_in <= oldest:
                _tell_too_late(submission)
            else:
                self._append(submission)


def _tell_too_late(submission: Submission) -> None:
    submission.fail(
        PostingUnconfirmed("the request waited too long to be asked about again; repeat with the same key")
        if submission.in_doubt
        else PostingTooLate("the request waited too long and was not begun")
    )
