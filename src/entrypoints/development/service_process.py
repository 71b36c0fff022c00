"""A service of ours as a child process, so that development and tests run what production runs."""

import asyncio
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import httpx

from entrypoints.cannot_run import CannotRun
from entrypoints.embedded.become_server import Way
from entrypoints.embedded.run_as import RunAs
from entrypoints.listening import is_free

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 25.0
_POLL_SECONDS = 0.05


class ServiceDidNotStart(CannotRun):
    """The service is not ready in time, or ended; the message names its log."""


class ServiceProcess(ABC):
    """
    One command on 127.0.0.1 for the time of one block; it ends with us, whatever ends us.

    Attributes:
        title: What messages call it.
        ready_path: What answers 2xx once it is ready.
    """

    title: ClassVar[str]
    ready_path: ClassVar[str]

    def __init__(self, environment: Mapping[str, str], *, port: int, log: Path) -> None:
        """Run with *environment* on *port*; output goes to *log*."""
        self.port = port
        self._environment = environment
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process number of the first of its processes."""
        if self._process is None:
            raise RuntimeError(f"{self.title} was not started")
        return self._process.pid

    async def __aenter__(self) -> Self:
        """
        Start, and return when it is ready.

        Raises:
            ServiceDidNotStart: If the port is taken, or it ends, or is not ready after 30 seconds.
        """
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in good order."""
        await self.stop()

    async def start(self) -> None:
        """
        Start, and return when it is ready.

        Raises:
            ServiceDidNotStart: If the port is taken, or it ends, or is not ready after 30 seconds.
        """
        if not await asyncio.to_thread(is_free, "127.0.0.1", self.port):
            raise ServiceDidNotStart(f"port {self.port} is taken: end what listens there, or name another one")
        self._process = self._launch()
        await self._until_ready(self._process)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for what still runs after 25 seconds."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL to all its processes: they are one session."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_TIMEOUT_SECONDS)

    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Program and arguments."""

    def _launch(self) -> "subprocess.Popen[bytes]":
        ourselves = RunAs(Way.UNCHANGED, os.geteuid(), os.getegid())
        with open(self.log, "ab", opener=_private) as log:
            return subprocess.Popen(
                ourselves.wrapped(list(self.command()), death_signal=signal.SIGTERM),
                env=_clean(os.environ) | dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        try:
            async with (
                asyncio.timeout(START_TIMEOUT_SECONDS),
                httpx.AsyncClient(base_url=self.base_url, trust_env=False) as client,
            ):
                while process.poll() is None:
                    try:
                        if (await client.get(self.ready_path)).is_success:
                            return
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            await self.stop()
            raise ServiceDidNotStart(
                f"{self.title} was not ready after {START_TIMEOUT_SECONDS:.0f} s; see {self.log}"
            ) from None
        raise ServiceDidNotStart(f"{self.title} ended with {process.returncode}; see {self.log}")


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without settings that belong to the parent."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("BURSAR_") and name not in {"DATABASE_URL", "REDIS_URL"}
    }


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
