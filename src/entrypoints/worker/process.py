"""One worker process: SAQ's worker on our queue, the relay and the sweeper beside it, until SIGTERM."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from entrypoints.cannot_run import CannotRun
from entrypoints.container import Container
from entrypoints.settings import InvalidSettings, Settings
from entrypoints.telemetry import configure_logging
from entrypoints.worker.figures import WorkerCollector
from entrypoints.worker.jobs import Jobs
from entrypoints.worker.probes import Probes
from entrypoints.worker.relaying import Relaying
from entrypoints.worker.schedules import schedules
from entrypoints.worker.sweeping import sweep_forever

_log = structlog.get_logger(__name__)

ENDING_SECONDS = 1.0
"""How long a stopped worker may take to notice."""


def run(settings: Settings) -> int:
    """
    Work until SIGTERM or SIGINT; running jobs get the grace period, then others take them.

    Raises:
        InvalidSettings: Without a Redis, or with a schedule that is none.
        CannotRun: If the probes' port is taken.
    """
    if settings.redis_url is None:
        raise InvalidSettings("a worker needs BURSAR_REDIS_URL (or REDIS_URL)")
    configure_logging(settings.log_level)
    return asyncio.run(_work(Container(settings=settings)))


async def _work(container: Container) -> int:
    settings = container.settings()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    registry = CollectorRegistry(auto_describe=False)
    figures = WorkerCollector(container)
    registry.register(figures)
    worker = _worker(container)
    try:
        probes = Probes(settings.host, settings.worker_port, registry)
    except OSError as error:
        raise CannotRun(f"cannot answer probes on {settings.host}:{settings.worker_port}: {error.strerror}") from error
    probes.start()
    # Settings that would fail the first webhook fail the start.
    container.cipher()
    container.webhook_sender()
    await container.posting().start()
    relaying = Relaying(container.relay_events(), container.leadership(), settings.relay_poll_seconds)
    beside = [
        _keep("probes", probes.beat(container.health_check().database)),
        _keep("relay", relaying.run()),
        _keep("wake", container.relay_wake().listen(relaying.wake)),
        _keep("sweeper", sweep_forever(container.queue_due_work(), every_seconds=settings.sweep_seconds)),
        _keep("figures", figures.refresh_forever()),
    ]
    working = _keep("worker", worker.start())
    _log.info("worker ready", pid=os.getpid(), port=probes.port)
    try:
        await _first_to_end(stopped, [working, *beside])
        return 0 if stopped.is_set() else 1
    finally:
        _log.info("worker stopping")
        stop_at = asyncio.get_running_loop().time() + settings.shutdown_grace_seconds
        for task in beside:
            task.cancel()
        await _stop(worker, working)
        await asyncio.gather(working, *beside, return_exceptions=True)
        remaining = max(1.0, stop_at - asyncio.get_running_loop().time())
        await container.posting().stop(grace_seconds=remaining)
        await container.streams_queue().disconnect()
        await container.event_publisher().aclose()
        await container.relay_wake().aclose()
        await container.provider_http().aclose()
        await container.gateways().aclose()
        await container.webhook_sender().aclose()
        await container.resolver().aclose()
        await container.database().dispose()
        probes.stop()


async def _stop(worker: Any, working: "asyncio.Task[Any]") -> None:
    """Stop it, also when it had not quite started: then SAQ forgets that it was stopped, and would never end."""
    await worker.stop()
    await asyncio.wait([working], timeout=ENDING_SECONDS)
    working.cancel()


def _worker(container: Container) -> Any:
    try:
        return container.worker(functions=list(Jobs(container).by_name().items()), cron_jobs=schedules(container))
    except ValueError as error:  # a cron expression, or Redis's address
        raise InvalidSettings(f"BURSAR_SCHEDULE_*, BURSAR_REDIS_URL: {error}") from None


def _keep(name: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    return asyncio.create_task(work, name=name)


async def _first_to_end(stopped: asyncio.Event, tasks: "list[asyncio.Task[Any]]") -> None:
    """Until SIGTERM, or until one of them ends by itself, which none should."""
    waiting = asyncio.create_task(stopped.wait(), name="stopped")
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        _log.error("part of the worker ended", part=task.get_name(), exc_info=task.exception())
