"""A worker's figures for Prometheus: how far the relay is behind, and what waits."""

import asyncio
from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from entrypoints.container import Container

_log = structlog.get_logger(__name__)

REFRESH_SECONDS = 5.0


class WorkerCollector(Collector):
    """Keeps the figures the loop fetched last: a scrape never asks a server."""

    def __init__(self, container: Container) -> None:
        """Ask what the container has."""
        self._container = container
        self._jobs: dict[str, int] = {}
        self._waiting_seconds = 0.0

    async def refresh_forever(self) -> None:
        """Fetch them every five seconds, until cancelled."""
        while True:
            try:
                self._waiting_seconds = await self._container.event_log().waiting_seconds()
                queue = self._container.streams_queue()
                self._jobs = {kind: await queue.count(kind) for kind in ("queued", "active", "incomplete")}
            except Exception as error:  # noqa: BLE001 - no figure is worth a worker: they stay as they were
                _log.debug("figures not fetched", error=repr(error))
            await asyncio.sleep(REFRESH_SECONDS)

    def collect(self) -> Iterator[Metric]:
        """Gauges, at most five seconds old."""
        yield GaugeMetricFamily(
            "bursar_outbox_oldest_seconds", "Age of the oldest event without a position.", value=self._waiting_seconds
        )
        jobs = GaugeMetricFamily("bursar_jobs", "Jobs in the queue.", labels=["state"])
        for state, count in self._jobs.items():
            jobs.add_metric([state], count)
        yield jobs
