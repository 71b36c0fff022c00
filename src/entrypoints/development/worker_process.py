"""A worker as a child process."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from entrypoints.development.service_process import ServiceProcess


class WorkerProcess(ServiceProcess):
    """`bursar worker`; its port is that of its probes."""

    title = "the worker"
    ready_path = "/ready"

    def __init__(self, environment: Mapping[str, str], *, port: int, log: Path) -> None:
        """Run with *environment* (``BURSAR_*`` variables), probes on *port*; output goes to *log*."""
        own = {"BURSAR_HOST": "127.0.0.1", "BURSAR_WORKER_PORT": str(port)}
        super().__init__({**environment, **own}, port=port, log=log)

    def command(self) -> Sequence[str]:
        """Program and arguments."""
        return [sys.executable, "-m", "entrypoints.cli.main", "worker"]
