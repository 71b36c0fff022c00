"""One PostgreSQL server with its cluster."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from entrypoints.embedded.child_process import ChildProcess
from entrypoints.embedded.run_as import RunAs
from entrypoints.embedded.secret_file import secret_in
from entrypoints.embedded.server_programs import PostgresPrograms

DEFAULT_SETTINGS: Mapping[str, str] = {
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "jit": "off",
    "log_min_messages": "warning",
    "max_connections": "100",
    "max_prepared_transactions": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
}

_FIRST_WITH_BUILTIN_LOCALES = 17
_STATUS_LINE = 7  # of postmaster.pid, counted from 0; the first line is the process number


class PostgresServer:
    """
    A PostgreSQL on 127.0.0.1 only, with the superuser `postgres` and a password made at random.

    *settings* go over `DEFAULT_SETTINGS`, except for where the server listens.
    """

    def __init__(
        self, home: Path, *, programs: PostgresPrograms, port: int, settings: Mapping[str, str], run_as: RunAs
    ) -> None:
        self._programs = programs
        self._data = home / "pgdata"
        self._password_file = home / "postgres.password"
        self._port = port
        self._run_as = run_as
        self._settings = {
            **DEFAULT_SETTINGS,
            **settings,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
        }
        self._child = ChildProcess("postgres", home, run_as=run_as, stop_signal=signal.SIGINT)  # a fast shutdown
        self.url = f"postgresql://postgres:{secret_in(self._password_file)}@127.0.0.1:{port}/postgres"

    async def start(self) -> None:
        """
        Run the server, after making its cluster if there is none; return when it accepts connections.

        What a crash left behind is recovered.

        Raises:
            ServerDidNotStart: If it fails or takes more than a minute.
        """
        async with self._child.alone():
            if not self._data.exists():
                await self._make_cluster()
            # It may name a process number that a stranger has now, which PostgreSQL would take for its predecessor.
            self._postmaster_file.unlink(missing_ok=True)
            command: list[str | Path] = [self._programs.postgres, "-D", self._data]
            for name, value in self._settings.items():
                command += ["-c", f"{name}={value}"]
            self._child.launch(command, folder=self._data, environment=_environment(), stdin="")
            await self._child.until_ready(self._accepts)

    async def stop(self) -> None:
        """Stop the server in good order: sessions are cut, what they had committed is checkpointed."""
        await self._child.stop()

    async def kill(self) -> None:
        """Kill the postmaster with SIGKILL; its sessions end as soon as they notice."""
        await self._child.kill()

    @property
    def _postmaster_file(self) -> Path:
        return self._data / "postmaster.pid"

    async def _accepts(self) -> bool:
        # The server says so itself. A connection could be answered by a stranger on the same port.
        try:
            lines = self._postmaster_file.read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(self._child.pid) and lines[_STATUS_LINE].strip() == "ready"

    async def _make_cluster(self) -> None:
        """Make the cluster under another name first: an interrupted `initdb` leaves one that looks complete."""
        draft = self._data.with_name("pgdata.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._run_as.own(draft)
        self._run_as.own(self._password_file)
        command: list[str | Path] = [
            self._programs.initdb,
            *("--pgdata", draft),
            *("--username", "postgres"),
            *("--pwfile", self._password_file),
            *("--auth", "scram-sha-256"),
            *("--encoding", "UTF8"),
            "--data-checksums",
            "--no-instructions",
            *_locale_options(self._programs.major_version),
        ]
        self._child.launch(command, folder=draft, environment=_environment(), stdin="")
        await self._child.until_done()
        draft.rename(self._data)
        _sync_folder(self._data.parent)


def _sync_folder(folder: Path) -> None:
    """Make sure that a name given within *folder* outlives a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locale_options(major_version: int) -> list[str]:
    """Sort by code point, on every machine alike; before version 17, upper and lower case know ASCII only."""
    if major_version < _FIRST_WITH_BUILTIN_LOCALES:
        return ["--locale", "C"]
    return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]


def _environment() -> dict[str, str]:
    """Return our environment without what would change the server's: PGDATA, PGOPTIONS, a locale, a time zone."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return ours | {"LC_ALL": "C", "TZ": "UTC"}
