"""The API as a child process."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from entrypoints.development.service_process import ServiceProcess


class ApiProcess(ServiceProcess):
    """`bursar api`."""

    title = "the API"
    ready_path = "/ready"

    def __init__(self, environment: Mapping[str, str], *, port: int, log: Path, workers: int = 1) -> None:
        """Run with *environment* (``BURSAR_*`` variables) on *port*, in *workers* processes; output goes to *log*."""
        super().__init__(environment, port=port, log=log)
        self._workers = workers

    def command(self) -> Sequence[str]:
        """Program and arguments."""
        command = [sys.executable, "-m", "entrypoints.cli.main", "api", "--host", "127.0.0.1"]
        return [*command, "--port", str(self.port), "--workers", str(self._workers)]
