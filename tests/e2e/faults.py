"""What can break on one machine, and is whole again when the function returns."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from e2e.processes import RunningProcess, children_of, comes_true, family_of, still_alive
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.servers import EmbeddedServers

_CRASH_LOOP_SECONDS = 6.0
"""Granian takes two deaths of one worker within 5.5 s for a crash loop, and ends."""


@dataclass(slots=True)
class Stage:
    """All that can be broken, and the chance that decides the details."""

    servers: EmbeddedServers
    home: Path
    apis: Sequence[ApiProcess]
    rng: random.Random
    worker_killed_at: float = -_CRASH_LOOP_SECONDS

    @property
    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        return int((self.home / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


Fault: TypeAlias = Callable[[Stage], Awaitable[None]]


async def kill_api(stage: Stage) -> None:
    """SIGKILL to one API, supervisor and workers at once, and a new one on its port."""
    api = stage.rng.choice(stage.apis)
    api.kill()
    await asyncio.sleep(stage.rng.uniform(0, 0.5))
    await api.start()


async def kill_api_supervisor(stage: Stage) -> None:
    """SIGKILL to Granian's supervisor alone: its workers must not live on unseen."""
    api = stage.rng.choice(stage.apis)
    family = family_of(api.pid)
    family[0].send(signal.SIGKILL)
    assert await comes_true(lambda: api.has_ended() and not still_alive(family), within_seconds=20), still_alive(family)
    await api.start()


async def kill_worker(stage: Stage) -> None:
    """SIGKILL to one worker process: the supervisor starts another, which listens again."""
    await asyncio.sleep(max(0.0, stage.worker_killed_at + _CRASH_LOOP_SECONDS - monotonic()))
    api = stage.rng.choice(stage.apis)
    workers = children_of(api.pid)
    worker = stage.rng.choice(workers)
    worker.send(signal.SIGKILL)
    stage.worker_killed_at = monotonic()

    def is_whole() -> bool:
        others = _others(api, worker)
        return len(others) == len(workers) and all(each.listens_on(api.port) for each in others)

    assert await comes_true(is_whole, within_seconds=30), family_of(api.pid)


async def terminate_api(stage: Stage) -> None:
    """SIGTERM to one API in the middle of its work, and a new one on its port."""
    api = stage.rng.choice(stage.apis)
    family = family_of(api.pid)
    await api.stop()
    assert not still_alive(family)
    await api.start()


async def kill_postgres(stage: Stage) -> None:
    """SIGKILL to the postmaster; recovery once it is started again."""
    await stage.servers.kill_postgres()
    await asyncio.sleep(stage.rng.uniform(0, 1.0))
    await stage.servers.restart_postgres()


async def restart_postgres(stage: Stage) -> None:
    """A fast shutdown, as an operator does it: sessions are cut in the middle of their work."""
    await stage.servers.restart_postgres()


async def kill_a_backend(stage: Stage) -> None:
    """SIGKILL to one session's server process: PostgreSQL cuts all the others and recovers by itself."""
    backends = [each for each in children_of(stage.postmaster) if "bursar" in each.command]
    stage.rng.choice(backends).send(signal.SIGKILL)
    await asyncio.sleep(1)


async def freeze_postgres(stage: Stage) -> None:
    """SIGSTOP to every process of PostgreSQL for 2 to 6 s: connections stay open, and nobody answers."""
    await _freeze(family_of(stage.postmaster), stage.rng.uniform(2.0, 6.0))


async def freeze_postgres_for_long(stage: Stage) -> None:
    """The same for longer than anybody waits."""
    await _freeze(family_of(stage.postmaster), 25.0)


async def freeze_worker(stage: Stage) -> None:
    """SIGSTOP to one API worker for longer than its session may idle in a transaction: it wakes as a zombie."""
    await _freeze([stage.rng.choice(children_of(stage.rng.choice(stage.apis).pid))], stage.rng.uniform(5.5, 7.0))


async def freeze_the_lane(stage: Stage) -> None:
    """SIGSTOP to the server processes of the posting connections only: everything else answers."""
    lanes = [each for each in children_of(stage.postmaster) if "bursar" in each.command]
    await _freeze(stage.rng.sample(lanes, k=max(1, len(lanes) // 2)), stage.rng.uniform(1.0, 4.0))


async def _freeze(processes: Sequence[RunningProcess], seconds: float) -> None:
    try:
        for process in processes:
            process.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.send(signal.SIGCONT)


def _others(api: ApiProcess, worker: RunningProcess) -> list[RunningProcess]:
    return [each for each in children_of(api.pid) if each.pid != worker.pid]
