"""One server as a child: launched without privileges, ended with us, and never run twice in one folder."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from entrypoints.embedded.errors import ServerDidNotStart
from entrypoints.embedded.lock_file import try_lock
from entrypoints.embedded.run_as import RunAs

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
_POLL_SECONDS = 0.01
_LOG_LIMIT_BYTES = 16 * 1024 * 1024


class ChildProcess:
    """
    At most one process family called *name* in the folder *home*, across all supervisors that ever ran there.

    Every member of the family inherits a locked file, so that its end is certain when the lock is free: this needs
    neither process listings nor luck with reused process numbers.
    """

    def __init__(self, name: str, home: Path, *, run_as: RunAs, stop_signal: signal.Signals) -> None:
        self.log = home / f"{name}.log"
        self._name = name
        self._run_as = run_as
        self._stop_signal = stop_signal
        self._family_file = home / f"{name}.family"
        self._family_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process number of the child that was launched last; None before the first."""
        return self._process.pid if self._process else None

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncGenerator[None, None]:
        """
        Launch children within this block only: on entry, no earlier member of the family is alive any more.

        A leftover of a supervisor that was killed is told to stop, and waited for.

        Raises:
            ServerDidNotStart: If a leftover is still alive after 30 seconds.
        """
        lock = await self._lock_family()
        self._family_lock = lock
        try:
            yield
        finally:
            self._family_lock = None
            os.close(lock)  # the child, if it was launched, holds on to it

    def launch(
        self, command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], stdin: str
    ) -> None:
        """
        Start *command* in *folder*, with *stdin* to read; what it writes is added to the log, which is begun anew
        after 16 MiB.

        Raises:
            ServerDidNotStart: If no process can be made; a program that cannot be run shows in what follows.
            RuntimeError: If called outside `alone`, or on another thread than the main one: Linux ties the life of the
                child to the thread that launched it.
        """
        if self._family_lock is None or threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are launched inside alone(), by the main thread")
        try:
            with self._open_log() as log:
                self._process = subprocess.Popen(
                    self._run_as.wrapped(command, death_signal=self._stop_signal),
                    bufsize=0,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C is for us, who then end the servers in good order
                    pass_fds=[self._family_lock],
                )
        except OSError as error:
            raise ServerDidNotStart(self._name, str(error), log=self.log) from error
        os.ftruncate(self._family_lock, 0)
        os.pwrite(self._family_lock, str(self._process.pid).encode(), 0)
        _feed(self._process, stdin)

    async def until_ready(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """
        Wait until the child is ready.

        Raises:
            ServerDidNotStart: If it ends first, or is not ready after 60 seconds.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                while not await is_ready():
                    if (code := self._exit_code()) is not None:
                        raise ServerDidNotStart(self._name, f"it ended with exit code {code}", log=self.log)
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            reason = f"it was not ready after {START_TIMEOUT_SECONDS} seconds"
            raise ServerDidNotStart(self._name, reason, log=self.log) from None

    async def until_done(self) -> None:
        """
        Wait until the child has done its work and ended by itself.

        Raises:
            ServerDidNotStart: If it fails, or still works after 60 seconds.
        """
        if not await self._ended_within(START_TIMEOUT_SECONDS):
            reason = f"its preparation took more than {START_TIMEOUT_SECONDS} seconds"
            raise ServerDidNotStart(self._name, reason, log=self.log)
        if (code := self._exit_code()) != 0:
            raise ServerDidNotStart(self._name, f"its preparation ended with exit code {code}", log=self.log)

    async def stop(self) -> None:
        """Ask the child to stop, and kill it if it still runs after 30 seconds; nothing happens if none runs."""
        if self._process is None or self._exit_code() is not None:
            return
        self._process.send_signal(self._stop_signal)
        if not await self._ended_within(STOP_TIMEOUT_SECONDS):
            await self.kill()

    async def kill(self) -> None:
        """Kill the child without warning and wait until it is dead; nothing happens if none runs."""
        if self._process is not None:
            self._process.kill()
            await self._ended_within(STOP_TIMEOUT_SECONDS)

    def _open_log(self) -> BinaryIO:
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        return open(self.log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))

    def _exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    async def _ended_within(self, seconds: float) -> bool:
        return await _first_answer(self._exit_code, within_seconds=seconds) is not None

    async def _lock_family(self) -> int:
        lock = try_lock(self._family_file)
        if lock is None:
            self._stop_leftover()
            lock = await _first_answer(lambda: try_lock(self._family_file), within_seconds=STOP_TIMEOUT_SECONDS)
        if lock is None:
            reason = f"its predecessor has not ended after {STOP_TIMEOUT_SECONDS} seconds"
            raise ServerDidNotStart(self._name, reason, log=self.log)
        return lock

    def _stop_leftover(self) -> None:
        # Linux has already sent the signal when the former supervisor died; elsewhere this is the first.
        with contextlib.suppress(ValueError, ProcessLookupError, PermissionError):
            leftover = int(self._family_file.read_text())
            if os.getsid(leftover) == leftover:  # ours leads its session; a stranger with a reused number rarely does
                os.kill(leftover, self._stop_signal)


async def _first_answer(ask: Callable[[], int | None], *, within_seconds: float) -> int | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            while (answer := ask()) is None:  # noqa: ASYNC110 - neither a Popen nor a lock has an event to wait for
                await asyncio.sleep(_POLL_SECONDS)
            return answer
    return None


def _feed(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(text.encode())
