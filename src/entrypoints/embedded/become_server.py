"""
Give up what a server must not have, then become the server.

A script of its own, run by an isolated interpreter (`python -I -S`) between us and the server, because arbitrary code
between fork and exec is unsafe in a process with threads. It imports nothing but the standard library, and costs a
dozen milliseconds.

Arguments: death signal, process number of the supervisor, a `Way`, uid, gid, command with its own arguments.
"""

import ctypes
import os
import signal
import sys
from enum import StrEnum

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


class Way(StrEnum):
    """How the server comes to run without being root."""

    UNCHANGED = "unchanged"
    """It runs as whoever we are."""
    SHOWN = "shown"
    """It believes it is the given user, inside a user namespace of its own; its files stay ours."""
    SWITCHED = "switched"
    """It becomes the given user, who must own what it writes."""


def main(arguments: list[str]) -> None:
    """
    Become the command; does not return.

    Raises:
        OSError: If the system refuses the way, or the command cannot be run.
    """
    death_signal, supervisor, way, uid, gid, *command = arguments
    match Way(way):
        case Way.SHOWN:
            _enter_user_namespace(int(uid), int(gid))
        case Way.SWITCHED:
            os.setgroups([])
            os.setgid(int(gid))
            os.setuid(int(uid))
        case Way.UNCHANGED:
            pass
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and the server would inherit that
        signal.signal(ignored, signal.SIG_DFL)
    if sys.platform == "linux":
        _end_with(int(supervisor), int(death_signal))
    os.execv(command[0], command)  # noqa: S606 - to become another program is the purpose


def _enter_user_namespace(uid: int, gid: int) -> None:
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {outside_uid} 1")
    _write("/proc/self/gid_map", f"{gid} {outside_gid} 1")
    if os.geteuid() != uid:
        raise PermissionError("the user namespace shows another user than asked for")


def _end_with(supervisor: int, death_signal: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != supervisor:
        sys.exit("the supervisor ended before its server began")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, text.encode())
    os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1:])
