"""`/live`, `/ready` and `/metrics` of a worker, answered by a thread so that a busy loop shows as one."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

BEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 15.0
"""A loop that did not turn for so long is dead; longer than any pause it may make."""

READY_FOR_SECONDS = 10.0


class Probes:
    """The loop tells how it is; whoever asks is told what it said last."""

    def __init__(self, address: str, port: int, registry: CollectorRegistry) -> None:
        """Listen on *address* and *port* (0: any free one) once it is entered."""
        self._metrics = make_wsgi_app(registry)
        self._beat_at = self._ready_at = 0.0
        self._server: WSGIServer = make_server(address, port, self._answer, handler_class=_Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, name="probes", daemon=True)

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
            metrics: Iterable[bytes] = self._metrics(environ, start_response)
            return metrics
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


class _Silent(WSGIRequestHandler):
    """Does not log every probe."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
