"""What is measured: the API in one or two processes, its opponent, and the measure of both."""

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.bare import DATABASE_VARIABLE
from benchmarks.baseline import POOL_SIZE_VARIABLE
from entrypoints.development.api_process import ApiProcess
from entrypoints.development.service_process import ServiceProcess
from entrypoints.embedded.free_port import free_port

_PATH = {"PYTHONPATH": str(Path(__file__).parent.parent)}


class BaselineProcess(ApiProcess):
    """The same API with one transaction a request (benchmarks/baseline.py)."""

    def command(self) -> list[str]:
        return _granian(self.port, "benchmarks.baseline:create")


class BareProcess(ServiceProcess):
    """Groups and nothing else (benchmarks/bare.py)."""

    title = "the bare groups"
    ready_path = "/ready"

    def command(self) -> list[str]:
        return _granian(self.port, "benchmarks.bare:create")


def group_commit(environment: Mapping[str, str], home: Path, *, workers: int = 1) -> ApiProcess:
    """The API as it is."""
    return ApiProcess(environment, port=free_port(), log=home / "api.log", workers=workers)


def one_transaction(environment: Mapping[str, str], home: Path, *, pool_size: int) -> ApiProcess:
    """The opponent with a pool of that size."""
    more = {**environment, POOL_SIZE_VARIABLE: str(pool_size), **_PATH}
    return BaselineProcess(more, port=free_port(), log=home / "baseline.log")


def bare(database_url: str, home: Path) -> BareProcess:
    """The measure, on its own tables."""
    return BareProcess({DATABASE_VARIABLE: database_url, **_PATH}, port=free_port(), log=home / "bare.log")


def _granian(port: int, factory: str) -> list[str]:
    """Granian as `bursar api` starts it."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--no-ws",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--log-level", "warning", factory,
    ]  # fmt: skip
