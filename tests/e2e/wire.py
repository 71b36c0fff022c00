"""
A client for HTTP/1.1 of few words: it must leave the two cores of a test machine to the service.

It never repeats a request by itself, and tells every way of getting no answer as the same `NoAnswer`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


class NoAnswer(Exception):
    """The service could not be reached, hung up, or was not waited for: nobody knows what happened."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to one API process, opened when they are needed and kept."""

    def __init__(self, base_url: str, *, api_key: str) -> None:
        """Speak to *base_url* in the name of *api_key*."""
        self._base_url, self._api_key = base_url, api_key
        address = urlsplit(base_url)
        assert address.hostname is not None
        assert address.port is not None
        self._host, self._port = address.hostname, address.port
        self._same = f"Host: {address.netloc}\r\nAuthorization: Bearer {api_key}\r\nContent-Type: application/json\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def another(self) -> "Wire":
        """A way to the same place that shares no connection with this one."""
        return Wire(self._base_url, api_key=self._api_key)

    async def post(self, path: str, body: bytes, *, key: str, patience_seconds: float = 30.0) -> Response:
        """
        POST once.

        Raises:
            NoAnswer: If there is no whole answer, or not in time.
        """
        head = f"POST {path} HTTP/1.1\r\n{self._same}Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        return await self._exchange(head.encode() + body, patience_seconds)

    async def get(self, path: str, *, patience_seconds: float = 30.0) -> Response:
        """
        GET once.

        Raises:
            NoAnswer: If there is no whole answer, or not in time.
        """
        return await self._exchange(f"GET {path} HTTP/1.1\r\n{self._same}\r\n".encode(), patience_seconds)

    async def aclose(self) -> None:
        """Hang up."""
        while self._idle:
            _reader, writer = self._idle.pop()
            writer.transport.abort()
        await asyncio.sleep(0)  # a transport closes one turn after it is told to

    async def _exchange(self, request: bytes, patience_seconds: float) -> Response:
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            async with asyncio.timeout(patience_seconds):
                connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
                connection[1].write(request)
                response = await _read(connection[0])
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            if connection is not None:
                connection[1].transport.abort()
            raise NoAnswer(repr(error)) from error
        if response.headers.get("connection") == "close":
            connection[1].transport.abort()
        else:
            self._idle.append(connection)
        return response


async def _read(reader: asyncio.StreamReader) -> Response:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Response(int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"])))
