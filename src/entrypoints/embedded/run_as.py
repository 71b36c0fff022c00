"""Who a server runs as: PostgreSQL refuses to be root, and nobody should have to make a user for it."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from entrypoints.embedded.become_server import Way

_SCRIPT = Path(__file__).with_name("become_server.py")
_PROBE_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user and group a server runs as, or appears as, and the way it gets there."""

    way: Way
    uid: int
    gid: int

    def wrapped(self, command: Sequence[str | Path], *, death_signal: signal.Signals) -> list[str]:
        """
        Return the command that becomes *command* under this identity.

        On Linux it gets *death_signal* when the thread that launched it ends. Elsewhere a server can outlive a
        supervisor that was killed.
        """
        identity = [str(int(death_signal)), str(os.getpid()), self.way, str(self.uid), str(self.gid)]
        return [sys.executable, "-I", "-S", str(_SCRIPT), *identity, *map(str, command)]

    def own(self, path: Path) -> None:
        """
        Make *path* belong to the server, if it does not yet.

        Raises:
            OSError: If the path is gone or we may not give it away.
        """
        uid, gid = self._owner()
        if path.lstat().st_uid != uid:
            os.chown(path, uid, gid, follow_symlinks=False)

    def own_all(self, folder: Path) -> None:
        """
        Make *folder* and all within belong to the server, if the folder does not yet.

        Raises:
            OSError: If we may not give it away.
        """
        if folder.stat().st_uid != self._owner()[0]:
            for path in folder.rglob("*"):
                self.own(path)
            self.own(folder)  # last, so that an interrupted run is taken up again

    def _owner(self) -> tuple[int, int]:
        return (self.uid, self.gid) if self.way is Way.SWITCHED else (os.geteuid(), os.getegid())


def choose_run_as(harmless_command: Sequence[str | Path]) -> RunAs:
    """
    Decide how servers avoid being root.

    Ordinary users stay who they are. Root appears as `nobody` in a user namespace, because then no file changes hands,
    or becomes `nobody` where *harmless_command* cannot run in a namespace, as in most containers.

    Raises:
        KeyError: If we are root and the system has no user `nobody`.
    """
    if os.geteuid() != 0:
        return RunAs(Way.UNCHANGED, os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    shown = RunAs(Way.SHOWN, nobody.pw_uid, nobody.pw_gid)
    if sys.platform == "linux" and _runs(shown, harmless_command):
        return shown
    return RunAs(Way.SWITCHED, nobody.pw_uid, nobody.pw_gid)


def _runs(run_as: RunAs, command: Sequence[str | Path]) -> bool:
    wrapped = run_as.wrapped(command, death_signal=signal.SIGKILL)
    return subprocess.run(wrapped, capture_output=True, check=False, timeout=_PROBE_TIMEOUT_SECONDS).returncode == 0
