"""The simulator on a port of this machine."""

import asyncio
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from entrypoints.cannot_run import CannotRun
from entrypoints.listening import is_free
from entrypoints.simulator.app import create_app
from entrypoints.simulator.protocol_mock.dialect import MockVoice
from entrypoints.simulator.simulator import Simulator
from entrypoints.simulator.store.truth_file import TruthFile

HOST = "127.0.0.1"
_BACKLOG = 1024


class PortTaken(CannotRun):
    """Somebody listens there."""


async def serve(*, port: int, journal: Path | None, seed: int) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        CannotRun: If the port is taken, or the journal is.
    """
    if not is_free(HOST, port):
        raise PortTaken(f"port {port} is taken: end what listens there, or name another one")
    base_url = f"http://{HOST}:{port}"
    file = TruthFile(journal)
    try:
        simulator = Simulator(file, {"mock": MockVoice(base_url)}, base_url=base_url, seed=seed)
        await _serve(simulator, port)
    finally:
        file.close()


async def _serve(simulator: Simulator, port: int) -> None:
    server = Server(
        create_app(simulator, port=port),
        address=HOST,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=_BACKLOG,
        log_level=LogLevels.error,
    )

    def stop() -> None:
        simulator.stopping.set()  # whoever hangs is let go
        server.stop()  # type: ignore[no-untyped-call]  # Granian's is not annotated

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    work = asyncio.create_task(simulator.run())
    work.add_done_callback(lambda _task: stop())  # it ends by itself only when it is broken
    await server.serve()
    work.cancel()
    try:
        await work
    except asyncio.CancelledError:
        return
