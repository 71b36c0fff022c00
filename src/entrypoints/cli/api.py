"""`bursar api`: the HTTP API under Granian, one worker process a core."""

import ctypes
import multiprocessing
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Any

from entrypoints.listening import is_free
from entrypoints.settings import Settings

_RESPAWN_SECONDS = 0.5
_BACKLOG = 1024
_PR_SET_PDEATHSIG = 1


def add_arguments(parser: ArgumentParser) -> None:
    """Host, port and processes, where they differ from the environment's."""
    parser.add_argument("--host", help="address to listen on (BURSAR_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (BURSAR_PORT)")
    parser.add_argument("--workers", type=int, help="processes (BURSAR_WORKERS)")


def run(arguments: Namespace) -> int:
    """Serve until SIGTERM or SIGINT; what waits is written before the end. 1 if the port is taken."""
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    settings = Settings.from_environment(os.environ)
    address, port = arguments.host or settings.host, arguments.port or settings.port
    if not is_free(address, port):
        print(f"{address}:{port} cannot be listened on: is another API running there?", file=sys.stderr)
        return 1
    os.register_at_fork(after_in_child=_forget_handlers)
    Granian(
        "entrypoints.http.asgi:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=address,
        port=port,
        workers=arguments.workers or settings.workers,
        loop=Loops.uvloop,
        websockets=False,
        backlog=_BACKLOG,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=_RESPAWN_SECONDS,
        workers_kill_timeout=int(settings.shutdown_grace_seconds) + 5,
    ).serve(target_loader=_begin_worker)
    return 0


def _forget_handlers() -> None:
    """A worker is forked with the supervisor's handlers, which would only take note of a SIGTERM while it begins."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _begin_worker(target: str) -> Any:
    """The application, in a worker process that ends with its supervisor."""
    _end_with_supervisor()
    module, _, factory = target.partition(":")
    return getattr(import_module(module), factory)()


def _end_with_supervisor() -> None:
    """SIGTERM when the supervisor is killed: nobody else would stop this worker, which holds the port (Linux only)."""
    supervisor = multiprocessing.parent_process()
    if sys.platform != "linux" or supervisor is None:
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != supervisor.pid:
        sys.exit("the supervisor ended before its worker began")
