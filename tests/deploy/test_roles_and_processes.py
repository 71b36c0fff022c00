"""The roles of docker-compose.yml on a fresh PostgreSQL, and Bursar run there as Compose and Kubernetes would."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import AuthenticationError

from deploy.chart import FULL, ROOT
from deploy.compose import VARIABLES, services
from deploy.deployments import DATABASE, OWNER_DATABASE, REDIS, Deployed, in_the_cluster, on_one_machine
from e2e.bursar_command import clean_environment, run_bursar
from entrypoints.container import make_checkpoint_key
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.server_programs import PostgresPrograms, embedded_valkey_server
from entrypoints.embedded.servers import EmbeddedServers

START_SECONDS = 60
"""What the chart's startup probe allows."""
SPARE_SECONDS = 10
"""What the chart gives a process on top of its grace, before it is killed."""


class ComposeServers:
    """PostgreSQL, prepared by deploy/postgres/roles.sql, and Valkey."""

    def __init__(self, servers: EmbeddedServers) -> None:
        self.superuser_url = servers.postgres_url
        self._redis = servers.redis_url

    def url(self, role: str, password: str, database: str = "bursar") -> str:
        """As that role."""
        return f"postgresql://{role}:{password}@{self.superuser_url.rpartition('@')[2].partition('/')[0]}/{database}"

    @property
    def owner_url(self) -> str:
        """As the tables' owner."""
        return self.url("bursar_owner", VARIABLES["BURSAR_OWNER_PASSWORD"])

    @property
    def api_url(self) -> str:
        """As the API and the worker."""
        return self.url("bursar_api", VARIABLES["BURSAR_API_PASSWORD"])

    def prepare(self) -> None:
        """Run the script as PostgreSQL's image does: with psql, as superuser, with the service's environment."""
        psql = PostgresPrograms.embedded().postgres.with_name("psql")
        given = {**os.environ, **services(VARIABLES)["postgres"]["environment"]}
        script = ROOT / "deploy" / "postgres" / "roles.sql"
        command = [str(psql), "--no-psqlrc", "--quiet", "--dbname", self.superuser_url, "--file", str(script)]
        subprocess.run(command, env=given, check=True, capture_output=True, timeout=START_SECONDS)

    def here(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The deployment's environment, with these servers for those it names."""
        addresses = {
            DATABASE: self.api_url,
            OWNER_DATABASE: self.owner_url,
            REDIS: self._redis,
            on_one_machine("api").environment["BURSAR_REDIS_URL"]: self._redis,
        }
        host = self.superuser_url.rpartition("@")[2].partition("/")[0]
        return {
            name: addresses.get(value, value).replace("@postgres:5432/", f"@{host}/")
            for name, value in environment.items()
        }


@pytest.fixture(scope="module")
async def compose_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ComposeServers]:
    """Fresh servers, with the roles and the schema that Compose would make."""
    async with EmbeddedServers(tmp_path_factory.mktemp("compose") / "home") as running:
        servers = ComposeServers(running)
        await asyncio.to_thread(servers.prepare)
        migration = on_one_machine("migrate")
        status, told = await run_bursar(
            *migration.arguments, environment=clean_environment(**servers.here(migration.environment))
        )
        assert (status, told) == (0, "the schema is up to date\n")
        yield servers


@asynccontextmanager
async def running(deployed: Deployed, environment: Mapping[str, str], log: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """The process with that environment, on a port that is free here; a client of its probes' port."""
    port = free_port()
    asked_on = next(
        name for name, value in environment.items() if name.endswith("PORT") and value == str(deployed.port)
    )
    given = clean_environment(**{**environment, asked_on: str(port), "BURSAR_HOST": "127.0.0.1"})
    command = [sys.executable, "-m", "entrypoints.cli.main", *deployed.arguments]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, env=given, stdout=output, stderr=output)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            async with asyncio.timeout(START_SECONDS):
                while not await answers(client):
                    assert process.returncode is None, await told_in(log)
                    await asyncio.sleep(0.05)
            yield client
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(float(environment["BURSAR_SHUTDOWN_GRACE_SECONDS"]) + SPARE_SECONDS):
            assert await process.wait() == 0, await told_in(log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told_in(log: Path) -> str:
    """What the process had to say."""
    return await asyncio.to_thread(log.read_text)


async def answers(client: httpx.AsyncClient) -> bool:
    """Whether somebody listens and is ready."""
    try:
        return (await client.get("/ready")).is_success
    except httpx.TransportError:
        return False


async def test_the_api_cannot_change_the_schema(compose_servers: ComposeServers) -> None:
    connection = await asyncpg.connect(compose_servers.api_url)
    try:
        for statement in ("CREATE TABLE mine ()", "ALTER TABLE entries ADD mine int", "SET ROLE bursar_owner"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_stranger_cannot_look_in(compose_servers: ComposeServers) -> None:
    connection = await asyncpg.connect(compose_servers.superuser_url)
    try:
        await connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
        await asyncpg.connect(compose_servers.url("stranger", "stranger"))


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_the_roles_have_the_passwords_they_were_given(compose_servers: ComposeServers, password: str) -> None:
    for role in ("bursar_owner", "bursar_api"):
        with pytest.raises(asyncpg.PostgresError):
            await asyncpg.connect(compose_servers.url(role, password))


async def test_valkey_asks_for_the_password_and_forgets_nothing_silently(tmp_path: Path) -> None:
    service = services(VARIABLES)["redis"]
    port, password = free_port(), VARIABLES["REDIS_PASSWORD"]
    shell, option, script = service["command"]
    there = script.replace("/data/", f"{tmp_path}/").replace("exec valkey-server", f"exec {embedded_valkey_server()}")
    process = await asyncio.create_subprocess_exec(
        shell,
        option,
        f"{there.rstrip()} --bind 127.0.0.1 --port {port}",
        env={**os.environ, **service["environment"]},
        stdout=subprocess.DEVNULL,
    )
    retry = Retry(ConstantBackoff(0.05), retries=START_SECONDS * 20)
    try:
        async with Redis(port=port, password=password, retry=retry, decode_responses=True) as redis:
            assert await redis.ping()
            assert await redis.config_get("maxmemory-policy", "save", "appendonly", "maxmemory") == {
                "maxmemory-policy": "noeviction",
                "save": "",
                "appendonly": "no",
                "maxmemory": str(256 * 1024 * 1024),
            }
        async with Redis(port=port, retry=Retry(NoBackoff(), retries=0)) as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.ping()
        command_line = await asyncio.to_thread(Path(f"/proc/{process.pid}/cmdline").read_text)
        assert password not in command_line
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("part", ["api", "worker"])
@pytest.mark.parametrize("place", ["compose", "chart"])
async def test_a_process_starts_answers_its_probes_and_ends(
    compose_servers: ComposeServers, part: str, place: str, tmp_path: Path
) -> None:
    deployed = on_one_machine(part) if place == "compose" else in_the_cluster(FULL, part)
    environment = compose_servers.here(deployed.environment)
    if "BURSAR_CHECKPOINT_KEY_FILE" in environment:
        key_file = tmp_path / "checkpoint.pem"
        make_checkpoint_key(key_file)
        environment |= {"BURSAR_CHECKPOINT_KEY_FILE": str(key_file), "BURSAR_CHECKPOINT_DIRECTORY": str(tmp_path)}
    assert deployed.asked_at
    async with running(deployed, environment, tmp_path / "log") as client:
        for path in {*deployed.asked_at, "/live", "/ready", "/metrics"}:
            answer = await client.get(path)
            assert answer.status_code == 200, (path, answer.text)
