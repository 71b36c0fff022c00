"""The service on a port of 127.0.0.1, until SIGTERM."""

import asyncio
import contextlib
import signal

from entrypoints.fulfilment.service import FulfilmentService
from entrypoints.fulfilment.wire import MAX_HEAD_BYTES, Answer, BadRequest, read_request

IDLE_SECONDS = 60.0
"""How long a client may think between, or write on, its requests."""

_BACKLOG = 1024


class FulfilmentServer:
    """
    Connections, each with its own task.

    Plain asyncio streams, because an HTTP framework does not let one break a connection off on purpose.
    """

    def __init__(self, service: FulfilmentService) -> None:
        """Answer by *service*."""
        self._service = service
        self._connections: set[asyncio.Task[None]] = set()

    async def run(self, port: int) -> None:
        """
        Serve until SIGTERM or SIGINT; whoever still waits for an answer then gets none.

        Raises:
            OSError: If the port is taken.
        """
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, limit=MAX_HEAD_BYTES, backlog=_BACKLOG, reuse_address=True
        )
        await stopping.wait()
        server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except BadRequest as refusal:
            writer.write(Answer(400, {"code": "bad_request", "message": str(refusal)}).as_bytes())
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client has gone, or says nothing
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def until_gone(seconds: float) -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await reader.read()

        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                request = await read_request(reader)
            if request is None:
                return
            answer = await self._service.answer(request, until_gone)
            if answer is None:
                writer.transport.abort()
                return
            writer.write(answer.as_bytes())
            await writer.drain()
            if request.closes:
                return
