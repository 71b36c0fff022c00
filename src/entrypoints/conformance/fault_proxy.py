"""A way to the provider that breaks on demand, request by request, and remembers what was asked."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

LARGEST_MESSAGE_BYTES = 4_194_304
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: closing sends RST instead of FIN


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer: its first line, its headers in lower case, its body."""

    first_line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first_line.partition(" ")[0]

    @property
    def path(self) -> str:
        """Of a request, with its query."""
        return self.first_line.split(" ")[1]

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        headers = {**self.headers, "content-length": str(len(self.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.first_line}\r\n{head}\r\n".encode("latin-1") + self.body


class Ending(Enum):
    """How the client's side of an exchange ends."""

    ANSWER = auto()
    CLOSE = auto()
    """Without an answer."""
    RESET = auto()
    """Without an answer, and rudely."""
    HALF = auto()
    """The whole length announced, half of it sent."""
    SILENCE = auto()
    """Nothing, until the client gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    What becomes of one request.

    Attributes:
        reaches_provider: Whether the provider sees it, and does what it is asked.
        answer: Sent in place of the provider's.
        rewrite: Makes another answer of the provider's.
        delay_seconds: Waited before the answer is sent.
    """

    reaches_provider: bool = True
    ending: Ending = Ending.ANSWER
    answer: Message | None = None
    rewrite: Callable[[Message], Message] | None = None
    delay_seconds: float = 0.0


NO_FAULT = Fault()


def canned(status: int, body: bytes = b"", **headers: str) -> Message:
    """An answer that the provider did not give; headers are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Message(f"HTTP/1.1 {status} Any", {"content-type": "application/json", **named}, body)


def json_changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Message], Message]:
    """A rewrite that changes the answer's JSON object in place."""

    def rewrite(message: Message) -> Message:
        document: Any = json.loads(message.body)
        change(document)
        return Message(message.first_line, message.headers, json.dumps(document).encode())

    return rewrite


@dataclass(slots=True)
class FaultProxy:
    """Stands before one provider on 127.0.0.1; plain HTTP/1.1, one connection to the provider for each request."""

    provider_url: str
    requests: list[Message] = field(default_factory=list[Message])
    _faults: list[Fault] = field(default_factory=list[Fault])
    _standing: Fault = NO_FAULT
    _hangs_up: bool = False
    _listener: asyncio.Server | None = None
    _port: int = 0
    _asked: asyncio.Condition = field(default_factory=asyncio.Condition)
    _clients: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    @property
    def url(self) -> str:
        """The provider's URL, through this proxy."""
        return f"http://127.0.0.1:{self._port}{urlsplit(self.provider_url).path.rstrip('/')}"

    @property
    def posts(self) -> list[Message]:
        """The requests that wanted an effect."""
        return [request for request in self.requests if request.method == "POST"]

    async def until_asked(self, times: int, *, seconds: float = 5.0) -> None:
        """
        Wait for that many requests.

        Raises:
            TimeoutError: If they do not come in *seconds*.
        """
        async with asyncio.timeout(seconds), self._asked:
            await self._asked.wait_for(lambda: len(self.requests) >= times)

    def next(self, *faults: Fault) -> None:
        """The next requests meet these, in this order."""
        self._faults.extend(faults)

    def always(self, fault: Fault) -> None:
        """Every request meets this, unless `next` says otherwise."""
        self._standing = fault

    def hang_up(self) -> None:
        """From now on every connection is closed as soon as it is there."""
        self._hangs_up = True

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST_MESSAGE_BYTES)
        self._port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything."""
        self.refuse()

    def refuse(self) -> None:
        """Take no more connections, and cut those there are."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for client in list(self._clients):
            client.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not self._hangs_up and await self._exchange(reader, writer):
                    pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection may be used again."""
        request = await _read_message(reader)
        async with self._asked:
            self.requests.append(request)
            self._asked.notify_all()
        fault = self._faults.pop(0) if self._faults else self._standing
        answer = await self._ask(request) if fault.reaches_provider else None
        if answer is not None and fault.rewrite is not None:
            answer = fault.rewrite(answer)
        answer = fault.answer or answer or canned(500)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        return await _end(writer, reader, fault.ending, answer.encoded())

    async def _ask(self, request: Message) -> Message:
        target = urlsplit(self.provider_url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port or 80, limit=LARGEST_MESSAGE_BYTES)
        try:
            writer.write(request.encoded())
            await writer.drain()
            return await _read_message(reader)
        finally:
            writer.close()


@asynccontextmanager
async def nobody_accepts() -> AsyncGenerator[str]:
    """The URL of a listener whose queue is full: connecting to it never ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                with suppress(BlockingIOError):
                    each.connect(address)
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            for each in waiting:
                each.close()


async def _read_message(reader: asyncio.StreamReader) -> Message:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Message(lines[0], headers, body)


async def _end(writer: asyncio.StreamWriter, reader: asyncio.StreamReader, ending: Ending, answer: bytes) -> bool:
    match ending:
        case Ending.ANSWER:
            writer.write(answer)
            await writer.drain()
            return True
        case Ending.HALF:
            writer.write(answer[: len(answer) - max(1, len(answer.partition(b"\r\n\r\n")[2]) // 2)])
            await writer.drain()
        case Ending.SILENCE:
            await reader.read()
        case Ending.RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        case Ending.CLOSE:
            pass
    return False
