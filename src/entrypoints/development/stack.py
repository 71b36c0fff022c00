"""PostgreSQL and Valkey (embedded, or given), migrated and seeded, in one folder."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from entrypoints.cannot_run import CannotRun
from entrypoints.container import Container, make_checkpoint_key, migrate_database, prepare_server
from entrypoints.development.keys import DevelopmentKeys, keys_in
from entrypoints.development.seeding import seed
from entrypoints.embedded.become_server import Way
from entrypoints.embedded.child_process import ChildProcess
from entrypoints.embedded.errors import DataFolderInUse
from entrypoints.embedded.lock_file import try_lock
from entrypoints.embedded.run_as import RunAs
from entrypoints.embedded.secret_file import secret_in
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings

DATABASE = "bursar"
_SERVERS = "servers"
_SIGN_OF_OURS = "api_key.pepper"


class NotADataFolder(CannotRun):
    """What is to be emptied holds somebody else's files."""


@dataclass(slots=True)
class DevelopmentStack:
    """
    Everything the API needs, for the time of one block.

    Attributes:
        home: The folder of all data, kept between runs; must hold nothing else.
        database_url: PostgreSQL to use instead of the embedded one; then nothing is embedded.
        migration_database_url: The same as the tables' owner; *database_url*, unless said.
        redis_url: Redis to use instead of the embedded Valkey.
        fresh: Whether to begin with an empty folder.
        postgres_bin: The programs of another PostgreSQL, 15 or newer.
        postgres_settings: Over our defaults for the embedded server.
    """

    home: Path
    database_url: str | None = None
    migration_database_url: str | None = None
    redis_url: str | None = None
    fresh: bool = False
    postgres_bin: Path | None = None
    postgres_settings: Mapping[str, str] = field(default_factory=dict[str, str])
    servers: EmbeddedServers | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])
    _exit: AsyncExitStack = field(default_factory=AsyncExitStack)
    _keys: DevelopmentKeys | None = None

    @property
    def keys(self) -> DevelopmentKeys:
        """The folder's keys, once it is begun."""
        if self._keys is None:
            raise RuntimeError("the stack was not started")
        return self._keys

    async def __aenter__(self) -> Self:
        """
        Start what is embedded, migrate, seed.

        Raises:
            EmbeddedServersError: If a server cannot be started, or the folder is in use.
            NotADataFolder: If a folder is to be emptied that none of our runs has filled.
            OSError, asyncpg.PostgresError: If a given database cannot be used.
        """
        if self.fresh and self.home.exists():
            await _empty(self.home)
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keys = keys_in(self.home)
        make_checkpoint_key(self.home / "checkpoint.pem")
        try:
            owner_url, login_url = await self._database()
            await asyncio.to_thread(migrate_database, owner_url)
            self.environment = self._environment(owner_url, login_url)
            await seed(Container(settings=Settings.from_environment(self.environment)), self._keys)
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        await self._exit.__aexit__(kind, error, trace)

    def write_description(self, base_url: str) -> Path:
        """``dev.json`` for scripts: where everything is, and the keys; readable by the owner alone."""
        description = {
            "base_url": base_url,
            "api_key": self.keys.api_key,
            "admin_key": self.keys.admin_key,
            "database_url": self.environment["BURSAR_DATABASE_URL"],
            "migration_database_url": self.environment["BURSAR_MIGRATION_DATABASE_URL"],
            "redis_url": self.environment.get("BURSAR_REDIS_URL"),
        }
        path = self.home / "dev.json"
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(msgspec.json.format(msgspec.json.encode(description), indent=2) + b"\n")
        return path

    async def _database(self) -> tuple[str, str]:
        """The owner's URL and the application's; whoever brings a database brings Redis, or does without."""
        if self.database_url is not None:
            return self.migration_database_url or self.database_url, self.database_url
        self.servers = await self._exit.enter_async_context(
            EmbeddedServers(
                self.home / _SERVERS,
                postgres_bin=self.postgres_bin,
                postgres_settings=self.postgres_settings,
                valkey=self.redis_url is None,
            )
        )
        if self.redis_url is None:
            self.redis_url = self.servers.redis_url
        return await prepare_server(
            self.servers.postgres_url,
            DATABASE,
            owner_password=secret_in(self.home / "owner.password"),
            login_password=secret_in(self.home / "login.password"),
        )

    def _environment(self, owner_url: str, login_url: str) -> dict[str, str]:
        environment = {
            "BURSAR_DATABASE_URL": login_url,
            "BURSAR_MIGRATION_DATABASE_URL": owner_url,
            "BURSAR_API_KEY_PEPPER": self.keys.pepper,
            "BURSAR_ENCRYPTION_KEY": self.keys.encryption_key,
            "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
            "BURSAR_CHECKPOINT_KEY_FILE": str(self.home / "checkpoint.pem"),
            "BURSAR_CHECKPOINT_DIRECTORY": str(self.home / "checkpoints"),
        }
        if self.redis_url is not None:
            environment["BURSAR_REDIS_URL"] = self.redis_url
        return environment


async def _empty(home: Path) -> None:
    """Remove the folder of an earlier run, once its servers have ended; never from under one that is alive."""
    if not _is_ours(home):
        raise NotADataFolder(f"{home} holds something else than our data: name another folder, or empty it yourself.")
    servers = home / _SERVERS
    if servers.exists():
        lock = try_lock(servers / "supervisor.lock")
        if lock is None:
            raise DataFolderInUse(servers)
        try:
            await _outlive_leftovers(servers)
        finally:
            os.close(lock)
    shutil.rmtree(home)


def _is_ours(home: Path) -> bool:
    return (home / _SIGN_OF_OURS).exists() or not any(home.iterdir())


async def _outlive_leftovers(servers: Path) -> None:
    """The servers of a run that was killed may be at work still."""
    for family in _families(servers):
        ourselves = RunAs(Way.UNCHANGED, os.geteuid(), os.getegid())
        async with ChildProcess(family.stem, servers, run_as=ourselves, stop_signal=signal.SIGINT).alone():
            pass


def _families(servers: Path) -> list[Path]:
    return list(servers.glob("*.family"))
