"""`bursar api` as a process: it comes alone, and goes when it is told to."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from e2e.bursar_command import clean_environment, run_bursar
from e2e.conftest import Installation
from e2e.processes import children_of, comes_true, family_of, still_alive
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.service_process import ServiceDidNotStart
from entrypoints.embedded.free_port import free_port

NO_DATABASE = {
    "BURSAR_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
    "BURSAR_API_KEY_PEPPER": "x" * 32,
    "BURSAR_ENCRYPTION_KEY": "x" * 32,
}


async def test_a_port_is_not_shared_with_a_stranger(installation: Installation, tmp_path: Path) -> None:
    """Their workers would be dealt each other's requests."""
    port = installation.apis[0].base_url.rpartition(":")[2]

    status, told = await run_bursar("api", "--port", port, environment=clean_environment(**NO_DATABASE))
    assert status == 1, told
    assert "is another API running there?" in told

    with pytest.raises(ServiceDidNotStart, match=f"port {port} is taken"):
        await ApiProcess(NO_DATABASE, port=int(port), log=tmp_path / "api.log").start()


async def test_sigterm_is_heard_while_the_workers_begin() -> None:
    """They inherit the supervisor's signal handlers, which would only take note."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrypoints.cli.main", "api", "--port", str(free_port()), "--workers", "2"),
        env=clean_environment(**NO_DATABASE),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    assert await comes_true(lambda: len(children_of(process.pid)) == 2, within_seconds=20)
    family = family_of(process.pid)
    process.send_signal(signal.SIGTERM)

    async with asyncio.timeout(5):
        assert await process.wait() == 0
    assert not still_alive(family)
