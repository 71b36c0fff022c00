"""One Valkey server with its append-only file."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

from entrypoints.embedded.child_process import ChildProcess
from entrypoints.embedded.run_as import RunAs
from entrypoints.embedded.secret_file import secret_in


class ValkeyServer:
    """
    A Valkey on 127.0.0.1 only, with a password made at random.

    It refuses writes rather than evict keys. A kill or a crash can lose what it acknowledged in the last two seconds.
    """

    def __init__(self, home: Path, *, program: Path, port: int, run_as: RunAs) -> None:
        self._program = program
        self._data = home / "valkey"
        self._port = port
        self._run_as = run_as
        self._password = secret_in(home / "valkey.password")
        self._child = ChildProcess("valkey", home, run_as=run_as, stop_signal=signal.SIGTERM)
        self.url = f"redis://:{self._password}@127.0.0.1:{port}/0"

    async def start(self) -> None:
        """
        Run the server; return when it answers PING, with its data loaded.

        Raises:
            ServerDidNotStart: If it fails or takes more than a minute.
        """
        async with self._child.alone():
            self._data.mkdir(mode=0o700, exist_ok=True)
            self._run_as.own(self._data)
            # Read from standard input, so that the password is in no second file and in no process listing.
            command: list[str | Path] = [self._program, "-"]
            self._child.launch(command, folder=self._data, environment=os.environ, stdin=self._configuration())
            await self._child.until_ready(self._answers)

    async def stop(self) -> None:
        """Stop the server in good order, with everything written to disk."""
        await self._child.stop()

    async def kill(self) -> None:
        """Kill the server with SIGKILL."""
        await self._child.kill()

    async def forget(self) -> None:
        """
        Remove all it keeps; for a server that does not run.

        Raises:
            OSError: If it cannot be removed.
        """
        async with self._child.alone():
            if self._data.exists():
                shutil.rmtree(self._data)

    def _configuration(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self._port}",
            f"requirepass {self._password}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
        ]
        return "\n".join(lines) + "\n"

    async def _answers(self) -> bool:
        # Not a mere connection: while it loads its data, the server accepts those, and answers LOADING.
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(writer):
                writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
                return [await reader.readline(), await reader.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False
