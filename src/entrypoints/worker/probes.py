"""`/live`, `/ready` and `/metrics` of a worker, answered by a thread so that a busy loop shows as one."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

BEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 15.0
"""A loop that did not turn for so long is dead; longer than any pause it may make."""

READY_FOR_SECONDS = 10.0
QUIET_SECONDS = 5.0
_STOPS_WITHIN_SECONDS = 0.1


class Probes:
    """The loop tells how it is; whoever asks is told what it said last."""

    def __init__(self, address: str, port: int, registry: CollectorRegistry) -> None:
        """Listen on *address* and *port* (0: any free one) once it is entered."""
        self._registry = registry
        self._beat_at = self._ready_at = 0.0
        self._server: WSGIServer = make_server(
            address, port, self._answer, server_class=_Nameless, handler_class=_Silent
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOPS_WITHIN_SECONDS,), name="probes", daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()

    async def beat(self, is_ready: Callable[[], Awaitable[None]]) -> None:
        """Say that the loop turns, and ask *is_ready*, which raises while it is not; until cancelled."""
        while True:
            self._beat_at = time.monotonic()
            try:
                await is_ready()
                self._ready_at = time.monotonic()
            except Exception:  # noqa: BLE001 - whatever keeps it from being ready, the probe tells
                self._ready_at = 0.0
            await asyncio.sleep(BEAT_SECONDS)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest(self._registry)]
        now = time.monotonic()
        if path == "/live":
            return _plain(start_response, ok=now - self._beat_at < DEAD_AFTER_SECONDS)
        if path == "/ready":
            return _plain(start_response, ok=now - self._ready_at < READY_FOR_SECONDS)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/live, /ready or /metrics\n"]


def _plain(start_response: Callable[..., Any], *, ok: bool) -> Iterable[bytes]:
    start_response("200 OK" if ok else "503 Service Unavailable", [("Content-Type", "text/plain")])
    return [b"ok\n" if ok else b"not ok\n"]


class _Nameless(ThreadingMixIn, WSGIServer):
    """
    Does not ask the DNS for a name of its own, which may take long where there is none.

    A connection on which nobody says anything keeps no other probe waiting.
    """

    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        """Bind, and call itself what it listens on."""
        TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = int(self.server_address[1])
        self.setup_environ()


class _Silent(WSGIRequestHandler):
    """Does not log every probe, and hangs up on who says nothing."""

    timeout = QUIET_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
