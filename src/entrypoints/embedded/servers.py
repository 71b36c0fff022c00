"""The supervisor: both servers, in one folder, for the time of one block."""

import asyncio
import os
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from entrypoints.embedded.errors import DataFolderInUse
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.lock_file import try_lock
from entrypoints.embedded.postgres import PostgresServer
from entrypoints.embedded.run_as import choose_run_as
from entrypoints.embedded.server_programs import PostgresPrograms, embedded_valkey_server
from entrypoints.embedded.valkey import ValkeyServer


class EmbeddedServers:
    """
    A real PostgreSQL and a real Valkey on 127.0.0.1, whose data stays in *home* from one run to the next.

        async with EmbeddedServers(Path(".bursar")) as servers:
            await asyncpg.connect(servers.postgres_url)

    *home* is made ours alone (mode 0700, and for root the owner that the servers need): name a folder that holds
    nothing else. Every run has new ports, unless *postgres_port* fixes one; within a run they stay. *postgres_settings*
    go over our defaults, which keep fsync on. *postgres_bin* names the programs of another PostgreSQL, 15 or newer,
    *redis_program* another Valkey or Redis, 7.0 or newer.

    Enter it on the main thread. The servers end with the block, and on Linux with the process, even when it is killed;
    elsewhere the next run in the same folder ends them.
    """

    def __init__(
        self,
        home: Path,
        *,
        postgres_settings: Mapping[str, str] = {},
        postgres_port: int | None = None,
        postgres_bin: Path | None = None,
        redis_program: Path | None = None,
        valkey: bool = True,
    ) -> None:
        self._home = home.resolve()
        self._postgres_settings = postgres_settings
        self._postgres_port = postgres_port
        self._postgres_bin = postgres_bin
        self._redis_program = redis_program
        self._with_valkey = valkey
        self._lock: int | None = None
        self._postgres: PostgresServer | None = None
        self._valkey: ValkeyServer | None = None

    @property
    def postgres_url(self) -> str:
        """
        The superuser's URL, `postgresql://postgres:<password>@127.0.0.1:<port>/postgres`.

        Raises:
            RuntimeError: Before the servers were started.
        """
        return self._running_postgres().url

    @property
    def redis_url(self) -> str:
        """
        The URL of database 0, `redis://:<password>@127.0.0.1:<port>/0`.

        Raises:
            RuntimeError: Before the servers were started, or if Valkey was not asked for.
        """
        return self._running_valkey().url

    async def __aenter__(self) -> Self:
        """
        Start both servers, and return when both answer: in less than a second, or a few for the first run in a folder.

        Raises:
            DataFolderInUse: If another supervisor is alive in the folder.
            EmbeddedPackagesMissing: If a wheel with a server is not installed.
            PostgresBinNotUsable: If the folder of programs holds no PostgreSQL 15 or newer.
            ServerDidNotStart: If a server fails or takes more than a minute; names its log.
            OSError: If the folder cannot be made ours.
        """
        self._lock = self._lock_home()
        try:
            self._prepare()
            await _all(server.start() for server in self._servers())
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop both servers in good order; one that still runs after 30 seconds is killed."""
        await self._end()

    async def kill_postgres(self) -> None:
        """
        Kill the postmaster with SIGKILL, as a fault to test against.

        Raises:
            RuntimeError: Before the servers were started.
        """
        await self._running_postgres().kill()

    async def restart_postgres(self) -> None:
        """
        Start PostgreSQL again on the same port, stopping it first if it runs; return when it accepts connections.

        Raises:
            RuntimeError: Before the servers were started.
            ServerDidNotStart: If it fails, or takes more than a minute.
        """
        await self._running_postgres().stop()
        await self._running_postgres().start()

    async def kill_valkey(self) -> None:
        """
        Kill Valkey with SIGKILL, as a fault to test against.

        Raises:
            RuntimeError: Before the servers were started, or if Valkey was not asked for.
        """
        await self._running_valkey().kill()

    async def restart_valkey(self, *, empty: bool = False) -> None:
        """
        Start Valkey again on the same port, stopping it first if it runs; return when it answers.

        *empty* as a fault to test against: with nothing of what it ever kept.

        Raises:
            RuntimeError: Before the servers were started, or if Valkey was not asked for.
            ServerDidNotStart: If it fails, or takes more than a minute.
        """
        await self._running_valkey().stop()
        if empty:
            await self._running_valkey().forget()
        await self._running_valkey().start()

    def _lock_home(self) -> int:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = try_lock(self._home / "supervisor.lock")
        if lock is None:
            raise DataFolderInUse(self._home)
        return lock

    def _prepare(self) -> None:
        programs = PostgresPrograms.in_folder(self._postgres_bin) if self._postgres_bin else PostgresPrograms.embedded()
        valkey_program = (self._redis_program or embedded_valkey_server()) if self._with_valkey else None
        run_as = choose_run_as([programs.postgres, "--version"])
        self._home.chmod(0o700)
        run_as.own_all(self._home)
        port = self._postgres_port or free_port()
        self._postgres = PostgresServer(
            self._home, programs=programs, port=port, settings=self._postgres_settings, run_as=run_as
        )
        if valkey_program is not None:
            port = free_port(other_than=port)
            self._valkey = ValkeyServer(self._home, program=valkey_program, port=port, run_as=run_as)

    async def _end(self) -> None:
        try:
            await _all(server.stop() for server in self._servers())
        finally:
            self._postgres = self._valkey = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _servers(self) -> list[PostgresServer | ValkeyServer]:
        return [server for server in (self._postgres, self._valkey) if server is not None]

    def _running_postgres(self) -> PostgresServer:
        if self._postgres is None:
            raise RuntimeError("PostgreSQL runs only inside the block of its EmbeddedServers")
        return self._postgres

    def _running_valkey(self) -> ValkeyServer:
        if self._valkey is None:
            raise RuntimeError("Valkey runs only inside the block of its EmbeddedServers, unless switched off")
        return self._valkey


async def _all(steps: Iterable[Coroutine[None, None, None]]) -> None:
    """Take the steps side by side, and raise the first error once none of them is under way any more."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if outcome is not None:
            raise outcome
