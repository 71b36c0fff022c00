"""The payment provider simulator as a child process, for development, the demo and the tests."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from entrypoints.cannot_run import CannotRun
from entrypoints.embedded.become_server import Way
from entrypoints.embedded.run_as import RunAs

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 10.0
_CONTROL_TIMEOUT_SECONDS = 70.0
_POLL_SECONDS = 0.05


class SimulatorDidNotStart(CannotRun):
    """The simulator is not ready in time, or ended; the message names its log."""


class SimulatorProcess:
    """`python -m entrypoints.simulator` on 127.0.0.1 for the time of one block, with its control at hand."""

    def __init__(self, *, port: int, log: Path, journal: Path | None = None, seed: int = 0) -> None:
        """Listen on *port*; keep the truth in *journal*, or in memory; output goes to *log*."""
        self.port = port
        self.log = log
        self.journal = journal
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """
        Start, and return when it is ready.

        Raises:
            SimulatorDidNotStart: If it ends, or is not ready after 30 seconds.
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
        Start, and return when it is ready; after a stop or a kill, it goes on with the same journal.

        Raises:
            SimulatorDidNotStart: If it ends, or is not ready after 30 seconds.
        """
        self._process = self._launch()
        await self._until_ready(self._process)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if it still runs after ten seconds."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL; what it has answered is in its journal."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_SECONDS)

    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    async def open_account(self, account_id: str, *, api_keys: Sequence[str], **settings: Any) -> None:
        """
        Open a merchant's account, or change it: see ``PUT /_control/accounts/{id}`` in docs/simulator.md.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        await self.control("PUT", f"/accounts/{account_id}", {"api_keys": list(api_keys), **settings})

    async def advance_clock(self, seconds: float) -> None:
        """
        Set its clock forward; what is due by then is done on return.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def truth(self, **query: str | int) -> list[dict[str, Any]]:
        """
        Entries of its truth journal: see ``GET /_control/journal``.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        entries: list[dict[str, Any]] = (await self.control("GET", "/journal", query=query))["data"]
        return entries

    async def control(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, str | int] | None = None
    ) -> Any:
        """
        Ask its control; the answer's document, or None if it has none.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        # Plain HTTP on this machine: no certificates, which take longer to load than the call takes.
        async with httpx.AsyncClient(
            base_url=self.base_url,
            timeout=_CONTROL_TIMEOUT_SECONDS,
            verify=False,  # noqa: S501 - see above
        ) as client:
            answer = await client.request(method, f"/_control{path}", json=body, params=query)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "entrypoints.simulator", "--port", str(self.port), "--seed", str(self._seed)]
        if self.journal is not None:
            command += ["--journal", str(self.journal)]
        ourselves = RunAs(Way.UNCHANGED, os.geteuid(), os.getegid())
        with open(self.log, "ab", opener=_private) as log:
            return subprocess.Popen(
                ourselves.wrapped(command, death_signal=signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS), httpx.AsyncClient(base_url=self.base_url) as client:
                while process.poll() is None:
                    try:
                        if (await client.get("/_control/clock")).is_success:
                            return
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            await self.stop()
            raise SimulatorDidNotStart(
                f"the simulator was not ready after {START_TIMEOUT_SECONDS:.0f} s; see {self.log}"
            ) from None
        raise SimulatorDidNotStart(f"the simulator ended with {process.returncode}; see {self.log}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
