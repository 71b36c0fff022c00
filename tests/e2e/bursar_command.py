"""`bursar …` as a user runs it: a process of its own, in an environment without our settings."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from e2e.processes import RunningProcess, comes_true, family_of, still_alive

_START_SECONDS = 60
_END_SECONDS = 15
_LAST_LINE_OF_PANEL = "Ctrl-C stops everything"


def clean_environment(**settings: str) -> dict[str, str]:
    """Ours without what configures Bursar, and with *settings*."""
    names = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"}
    ours = {name: value for name, value in os.environ.items() if not name.startswith("BURSAR_") and name not in names}
    return ours | settings


async def run_bursar(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, timeout_seconds: float = 60
) -> tuple[int, str]:
    """The exit status of `bursar` with these arguments, and all it printed."""
    process = await _start(*arguments, environment=environment)
    try:
        async with asyncio.timeout(timeout_seconds):
            told, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode is not None
    return process.returncode, told.decode()


class BursarDev:
    """`bursar dev`, as long as the block lasts; whatever it started is gone after it."""

    def __init__(self, home: Path, port: int, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._arguments = ["dev", "--data-dir", str(home), "--port", str(port), *options]
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self.home = home
        self.panel = ""
        self.family: list[RunningProcess] = []

    @property
    def description(self) -> dict[str, Any]:
        """What it wrote for scripts."""
        told: dict[str, Any] = msgspec.json.decode((self.home / "dev.json").read_bytes())
        return told

    async def __aenter__(self) -> Self:
        self._process = await _start(*self._arguments, environment=self._environment)
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            while _LAST_LINE_OF_PANEL not in self.panel:
                line = (await self._process.stdout.readline()).decode()
                assert line, f"it ended: {self.panel}"
                self.panel += line
        self.family = family_of(self._process.pid)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        for member in [*self.family, *family_of(self._process.pid)]:
            member.send(signal.SIGKILL)
        await self._process.communicate()

    async def end(self, number: signal.Signals) -> int:
        """Signal it; its exit status, once it and all that it started are gone."""
        assert self._process is not None
        self.family = family_of(self._process.pid)
        self._process.send_signal(number)
        async with asyncio.timeout(_END_SECONDS):
            await self._process.communicate()
            assert await comes_true(lambda: not still_alive(self.family), within_seconds=_END_SECONDS), still_alive(
                self.family
            )
        assert self._process.returncode is not None
        return self._process.returncode


async def _start(*arguments: str | Path, environment: Mapping[str, str] | None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "entrypoints.cli.main"),
        *arguments,
        env=clean_environment() if environment is None else environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
