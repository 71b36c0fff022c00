"""What is measured: the API in one or two processes, and its opponent."""

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.baseline import POOL_SIZE_VARIABLE
from entrypoints.development.api_process import ApiProcess
from entrypoints.embedded.free_port import free_port


class BaselineProcess(ApiProcess):
    """The same API with one transaction a request (benchmarks/baseline.py)."""

    def command(self) -> list[str]:
        return [
            sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--no-ws",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self._workers),
            "--log-level", "warning", "benchmarks.baseline:create",
        ]  # fmt: skip


def group_commit(environment: Mapping[str, str], home: Path, *, workers: int = 1) -> ApiProcess:
    """The API as it is."""
    return ApiProcess(environment, port=free_port(), log=home / "api.log", workers=workers)


def one_transaction(environment: Mapping[str, str], home: Path, *, pool_size: int) -> ApiProcess:
    """The opponent with a pool of that size."""
    more = {**environment, POOL_SIZE_VARIABLE: str(pool_size), "PYTHONPATH": str(Path(__file__).parent.parent)}
    return BaselineProcess(more, port=free_port(), log=home / "baseline.log")
