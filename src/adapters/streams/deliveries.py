"""What a worker has in its hands."""

import asyncio
from dataclasses import dataclass, fields
from typing import Any

from saq.job import Job

HISTORY = "bursar.history"
MAX_HISTORY = 20
MAX_ERROR_LENGTH = 4000


class DeliveredJob(Job):
    """
    A job as `dequeue` gives it: with the entry it came by, which is its fence, and its failed attempts.

    The attempts are kept apart from `meta`, where handlers may write what they like; they are stored within it.
    """

    entry_id = ""
    failures: tuple[tuple[int, int, str], ...] = ()
    """Of each failed attempt its number, when it ended (epoch milliseconds), and the end of its error."""

    def remember_failure(self, error: str | None, at: int) -> None:
        """Add the attempt that just failed; of many the first ones are forgotten, of a long error its beginning."""
        failure = (self.attempts, at, (error or "")[-MAX_ERROR_LENGTH:])
        self.failures = (*self.failures, failure)[-MAX_HISTORY:]

    def to_dict(self) -> dict[str, Any]:
        """Give the record, with the failures in `meta`."""
        record = super().to_dict()
        if self.failures:
            record["meta"] = {**self.meta, HISTORY: [list(failure) for failure in self.failures]}
        return record


def delivered(job: Job, entry_id: str) -> DeliveredJob:
    """The *job* as what came by that entry."""
    failures = job.meta.pop(HISTORY, ())
    with_fence = DeliveredJob(**{each.name: getattr(job, each.name) for each in fields(job)})
    with_fence.entry_id = entry_id
    with_fence.failures = tuple((int(attempt), int(at), str(error)) for attempt, at, error in failures)
    return with_fence


def entry_of(job: Job) -> str:
    """The entry the job came by, or '' for one that was only looked up."""
    return job.entry_id if isinstance(job, DeliveredJob) else ""


@dataclass(slots=True)
class _Held:
    owner: asyncio.Task[Any] | None
    job: DeliveredJob | None
    key: str | None


class HeldEntries:
    """The entries of one queue instance: taken, and neither finished nor given back."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: dict[str, _Held] = {}

    def hold(self, entry_id: str, key: str | None) -> None:
        """Take the entry, for as long as the present task lives."""
        self._held[entry_id] = _Held(asyncio.current_task(), None, key)

    def opened(self, entry_id: str, job: DeliveredJob) -> None:
        """Note which job it was."""
        if entry_id in self._held:
            self._held[entry_id].job = job

    def let_go(self, entry_id: str) -> None:
        """Have it no longer."""
        self._held.pop(entry_id, None)

    def alive(self) -> list[str]:
        """
        Those somebody still works on.

        An entry whose task ended without finishing it, by a bug or a lost connection, is not renewed, so that it comes
        back: otherwise it would stay until the process ends.
        """
        return [entry for entry, held in self._held.items() if held.owner is None or not held.owner.done()]

    def all(self) -> list[tuple[str, str | None, DeliveredJob | None]]:
        """Every entry with its job's key, and the job once it was read."""
        return [(entry, held.key, held.job) for entry, held in self._held.items()]
