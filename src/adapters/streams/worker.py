"""SAQ's worker, stopping well."""

import asyncio
import signal

from saq.types import CtxType
from saq.worker import Worker

from adapters.streams.ending import end
from adapters.streams.queue import StreamsQueue

_PROCESS = "process"
"""What SAQ calls the tasks that run jobs; its other tasks have no name of ours."""


class StreamsWorker(Worker[CtxType]):
    """
    A worker of a `StreamsQueue` that takes nothing from others at first, and no new job once it stops.

    At its end it waits for running jobs only. SAQ's own goes on taking jobs in its grace period, always waits all of
    it, for its upkeep sleeps, and then without limit for a task that missed its cancellation. What still runs at the
    end is cancelled and given back for others to take at once; what resists is given back when the queue is
    disconnected, which whoever started the worker must do.
    """

    # Whoever runs the process listens to them, and stops more than this.
    SIGNALS: list[signal.Signals] = []  # noqa: RUF012 - SAQ's own shape

    async def start(self) -> None:
        """Look after the queue before SAQ's upkeep does: its first sweep comes before any job was asked for."""
        if isinstance(self.queue, StreamsQueue):
            self.queue.start_keeping()
        await super().start()

    async def stop(self) -> None:
        """Stop as promised; the grace period is SAQ's `shutdown_grace_period_s`."""
        self.event.set()
        if isinstance(self.queue, StreamsQueue):
            self.queue.stop_taking()
        await end([task for task in self.tasks if task.get_name() != _PROCESS])
        grace, hard_deadline = self._shutdown_grace_period_s or 0, self._cancellation_hard_deadline_s
        if running := {task for task in self.tasks if not task.done()}:
            _, running = await asyncio.wait(running, timeout=grace)
        if running:
            for task in running:
                task.cancel()
            # SAQ's task allows the job that long for its cancellation, then queues it again.
            _, running = await asyncio.wait(running, timeout=2 * hard_deadline)
        await end(running)
        self.tasks.clear()
        await super().stop()
