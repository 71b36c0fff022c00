"""Other processes, as /proc shows them: whose child they are, what they weigh, and whether they are gone."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.02
_LISTENING, _ESTABLISHED = "0A", "01"
"""States of a socket in /proc/net/tcp."""


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """One process; its start tells it from a later one that got the same number."""

    pid: int
    parent: int
    started: int

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        now = _process(self.pid)
        return now is not None and now.started == self.started

    @property
    def command(self) -> str:
        """Its command line, or nothing once it is gone."""
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""

    @property
    def resident_bytes(self) -> int:
        """What it holds in memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def listens_on(self, port: int) -> bool:
        """Whether it holds a listening TCP socket (IPv4) of its own there: from then on nobody is refused by it."""
        return self._has_socket(port, state=_LISTENING)

    def connects_from(self, port: int) -> bool:
        """Whether a connection (IPv4) of its own begins there."""
        return self._has_socket(port, state=_ESTABLISHED)

    def _has_socket(self, local_port: int, *, state: str) -> bool:
        sockets = set()
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
                with contextlib.suppress(OSError):  # closed meanwhile
                    sockets.add(os.readlink(descriptor))
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return any(
            row[3] == state and int(row[1].rpartition(":")[2], 16) == local_port and f"socket:[{row[9]}]" in sockets
            for row in rows
        )

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it still runs."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def family_of(pid: int) -> list[RunningProcess]:
    """The process and all that descend from it, elders first."""
    everybody = [each for each in map(_process, _numbers()) if each is not None]
    family = [each for each in everybody if each.pid == pid]
    for member in family:  # grows while it is walked
        family.extend(each for each in everybody if each.parent == member.pid)
    return family


def children_of(pid: int) -> list[RunningProcess]:
    """Those that the process started itself."""
    return [each for each in family_of(pid) if each.parent == pid]


def still_alive(processes: Iterable[RunningProcess]) -> list[str]:
    """The commands of those that still run."""
    return [f"{each.pid} {each.command}" for each in processes if each.is_alive]


async def comes_true(condition: Callable[[], bool], *, within_seconds: float) -> bool:
    """Whether the condition holds before the time is up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            while not condition():  # noqa: ASYNC110 - other processes have no event to wait for
                await asyncio.sleep(_POLL_SECONDS)
    return condition()


def _numbers() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _process(pid: int) -> RunningProcess | None:
    with contextlib.suppress(OSError):
        # The name, in parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] not in {"Z", "X"}:
            return RunningProcess(pid, parent=int(fields[1]), started=int(fields[19]))
    return None
