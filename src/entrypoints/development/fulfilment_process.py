"""The development fulfilment service as a child process, so that it can be killed without anybody else."""

import sys
from collections.abc import Sequence
from pathlib import Path

from entrypoints.development.service_process import ServiceProcess


class FulfilmentProcess(ServiceProcess):
    """`python -m entrypoints.fulfilment`; what it has answered is in its journal, also after a kill."""

    title = "the fulfilment service"
    ready_path = "/health"

    def __init__(self, *, port: int, journal: Path, log: Path, token: str | None = None) -> None:
        """Listen on *port*, keep *journal* over restarts, let the bearer of *token* in; output goes to *log*."""
        super().__init__({}, port=port, log=log)
        self._journal = journal
        self._token = token

    def command(self) -> Sequence[str]:
        """Program and arguments."""
        command = [sys.executable, "-m", "entrypoints.fulfilment", "--port", str(self.port)]
        command += ["--journal", str(self._journal)]
        return command if self._token is None else [*command, "--token", self._token]
