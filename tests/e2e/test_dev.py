"""`bursar dev`: one folder, one command, and nothing left behind but the data."""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from redis.asyncio import Redis

from conftest import TestDatabase
from e2e.bursar_command import BursarDev, clean_environment, run_bursar
from e2e.processes import still_alive
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.servers import EmbeddedServers

OPENING = 100_00
TOPPED_UP, SPENT = 500, 199


async def test_the_panel_holds_and_the_data_outlives_kill_9_until_a_fresh_beginning(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with BursarDev(home, free_port()) as first:
        keys = first.description["api_key"], first.description["admin_key"]
        await _assert_panel_holds(first)
        await _top_up(first, 2)
        left = await _available(first)
        await first.end(signal.SIGKILL)

    async with BursarDev(home, free_port()) as second:
        assert (second.description["api_key"], second.description["admin_key"]) == keys
        assert await _available(second) == left
        await _assert_nobody_else_may_come(second)
        assert await _available(second) == left
        assert await second.end(signal.SIGINT) == 0

    async with BursarDev(home, free_port(), "--fresh") as third:
        assert {third.description["api_key"], third.description["admin_key"]}.isdisjoint(keys)
        assert await _available(third) == OPENING
        assert await third.end(signal.SIGTERM) == 0


async def test_given_servers_are_used_and_none_is_embedded(servers: EmbeddedServers, tmp_path: Path) -> None:
    database = f"dev_{uuid4().hex}"
    connection = await asyncpg.connect(servers.postgres_url)
    await connection.execute(f"CREATE DATABASE {database}")
    given = servers.postgres_url.removesuffix("/postgres") + f"/{database}"
    try:
        environment = clean_environment(DATABASE_URL=given, REDIS_URL=servers.redis_url)
        async with BursarDev(tmp_path / "home", free_port(), environment=environment) as dev:
            assert dev.description["database_url"] == given
            assert dev.description["redis_url"] == servers.redis_url
            assert not [member for member in dev.family if re.search("postgres|valkey", member.command.split()[0])]
            assert not (dev.home / "servers").exists()
            assert await _available(dev) == OPENING
            assert await dev.end(signal.SIGINT) == 0
    finally:
        await connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
        await connection.close()


async def test_seeding_twice_changes_nothing(database: TestDatabase, tmp_path: Path) -> None:
    environment = clean_environment(**database.environment())
    seen: list[object] = []
    for _ in range(2):
        status, told = await run_bursar("seed", "--data-dir", tmp_path / "home", environment=environment)
        assert status == 0, told
        seen.append((await _rows_in(database), (tmp_path / "home" / "api.key").read_text()))

    assert seen[0] == seen[1]


async def _assert_panel_holds(dev: BursarDev) -> None:
    """It tells where everything is, and its commands work when pasted."""
    told = dev.description
    assert all(told[name] in dev.panel for name in ("base_url", "api_key", "admin_key"))
    assert str(dev.home / "dev.json") in dev.panel
    assert (dev.home / "dev.json").stat().st_mode & 0o777 == 0o600

    before, topup, spend = [await _paste(line) for line in _commands_in(dev.panel)]
    assert OPENING in [wallet["balance"]["available"] for wallet in before["wallets"]]
    assert topup["balances"][0]["available"] == OPENING + TOPPED_UP
    assert spend["balances"][0]["available"] == OPENING + TOPPED_UP - SPENT

    connection = await asyncpg.connect(told["database_url"])
    assert await connection.fetchval("SELECT count(*) FROM wallets")
    await connection.close()
    async with Redis.from_url(told["redis_url"]) as redis:
        assert await redis.ping()


async def _assert_nobody_else_may_come(dev: BursarDev) -> None:
    """Neither a second run in its folder, nor one that would empty it."""
    for options in ([], ["--fresh"]):
        status, told = await run_bursar("dev", "--data-dir", dev.home, "--port", str(free_port()), *options)
        assert status == 1, told
        assert "end it, or name another folder" in told
    assert len(still_alive(dev.family)) == len(dev.family)


def _commands_in(panel: str) -> list[str]:
    return [line.strip() for line in panel.splitlines() if line.startswith("  curl ")]


async def _paste(command: str) -> dict[str, Any]:
    """What the command prints in a shell; where there is no curl, what it would have."""
    if shutil.which("curl") and shutil.which("bash"):
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "no_proxy": "127.0.0.1"}
        )
        told, _ = await process.communicate()
        assert process.returncode == 0
        answer = json.loads(told)
    else:
        words = shlex.split(command.replace("$(date +%s%N)", uuid4().hex))
        options = list(pairwise(words))
        headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
        body = next((value for option, value in options if option == "-d"), None)
        async with httpx.AsyncClient(headers=headers) as client:
            answer = (await client.request("GET" if body is None else "POST", words[2], content=body)).json()
    assert "code" not in answer, answer
    return answer


def _client(dev: BursarDev) -> httpx.AsyncClient:
    told = dev.description
    return httpx.AsyncClient(base_url=told["base_url"], headers={"Authorization": f"Bearer {told['api_key']}"})


async def _top_up(dev: BursarDev, amount: int) -> None:
    body = {"user_id": "user_alice", "asset": "USD", "amount": amount}
    async with _client(dev) as client:
        answer = await client.post("/v1/topups", json=body, headers={"Idempotency-Key": f"top-up-{amount}"})
        assert answer.status_code == 201, answer.text


async def _available(dev: BursarDev) -> int:
    async with _client(dev) as client:
        answer = (await client.get("/v1/users/user_alice/balances")).json()
    amount: int = next(each["balance"]["available"] for each in answer["wallets"] if each["asset"] == "USD")
    return amount


async def _rows_in(database: TestDatabase) -> dict[str, list[str]]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        names = await connection.fetch(
            "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'"
        )
        return {
            name: sorted(row["row"] for row in await connection.fetch(f"SELECT t::text AS row FROM {name} AS t"))
            for name in (row["name"] for row in names)
        }
    finally:
        await connection.close()
