"""`bursar api`: the HTTP API under Granian, one worker process a core."""

import os
from argparse import ArgumentParser, Namespace

from entrypoints.settings import Settings

_RESPAWN_SECONDS = 0.5
_BACKLOG = 1024


def add_arguments(parser: ArgumentParser) -> None:
    """Host, port and processes, where they differ from the environment's."""
    parser.add_argument("--host", help="address to listen on (BURSAR_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (BURSAR_PORT)")
    parser.add_argument("--workers", type=int, help="processes (BURSAR_WORKERS)")


def run(arguments: Namespace) -> int:
    """Serve until SIGTERM or SIGINT; what waits is written before the end."""
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    settings = Settings.from_environment(os.environ)
    Granian(
        "entrypoints.http.asgi:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=arguments.host or settings.host,
        port=arguments.port or settings.port,
        workers=arguments.workers or settings.workers,
        loop=Loops.uvloop,
        websockets=False,
        backlog=_BACKLOG,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=_RESPAWN_SECONDS,
        workers_kill_timeout=int(settings.shutdown_grace_seconds) + 5,
    ).serve()
    return 0
