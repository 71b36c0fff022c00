"""
HTTP/1.1 to providers: whether the first byte of a request left us decides between `NotSent` and `Unknown`.

httpcore says when it is about to write (its trace extension); until then nothing has left us, after it anything may
have arrived. So an answer that never came on a kept-alive connection is `Unknown` too, even if the server closed it:
a write may have reached it before, and httpcore does not tell a failed write from a lost answer. It stays rare, as
connections idle for a second, or visibly closed, are not used again.

Between the last look at the clock and the system's write no other task has its turn; a process that is stopped within
those few microseconds still sends, and the key makes that harmless.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpcore
import httpx

from adapters.http.provider_connections import ProviderConnections
from core.domain.outcomes import NotSent, Unknown
from ports.clock import Clock
from ports.provider_http import HttpAnswer

CONNECT_TIMEOUT_SECONDS = 3.0
"""For the TCP connection, and once more for TLS; reading and writing end with the call's deadline."""

MAX_CONNECTIONS = 100
MAX_ANSWER_BYTES = 1_048_576

_FIRST_WRITE = "http11.send_request_headers.started"
_DEFAULT_HEADERS = {"user-agent": "Bursar/1", "accept": "*/*", "accept-encoding": "identity"}
_LONGEST_REASON = 200


class _TooLate(Exception):
    """The deadline passed before the first byte."""


class _TooLong(Exception):
    """The answer has more bytes than we read."""


class HttpcoreProviderHttp:
    """
    Implements `ports.provider_http.ProviderHttp`.

    Redirects, cookies, proxies and the environment are not turned off but absent: httpcore's connections know none of
    them. Have one for each provider, so that none waits for another's.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        max_connections: int = MAX_CONNECTIONS,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """
        Open nothing yet.

        Args:
            clock: Whose monotonic clock deadlines are on.
            tls: Whom to trust; the public authorities unless given.
            max_connections: As many calls run at once, on each event loop; others wait, against their deadline.
            network: How to connect; by the system unless given.
        """
        self._clock = clock
        self._tls = httpx.create_ssl_context(trust_env=False) if tls is None else tls
        self._max_connections = max_connections
        self._network = network
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, ProviderConnections] = WeakKeyDictionary()

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        """
        One call, as the port promises; an answer of more than 1 MiB is `Unknown`, and none is decompressed.

        Raises:
            ValueError: If *url* or a header cannot be sent at all; the message repeats neither.
        """
        target, request_headers = _target_of(url), _headers_of(url, headers, body)
        remaining = deadline_at - self._clock.monotonic()
        if remaining <= 0:
            return NotSent("the deadline had passed already")
        first_byte = _FirstByte(self._clock, deadline_at)
        request = httpcore.Request(
            method.encode("ascii"),
            target,
            headers=request_headers,
            content=body,
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_SECONDS}, "trace": first_byte.watch},
        )
        try:
            async with asyncio.timeout(remaining):
                return await self._exchange(request)
        except _TooLate:
            reason = "the deadline passed before the first byte"
        except _TooLong:
            reason = f"the answer has more than {MAX_ANSWER_BYTES} bytes"
        except TimeoutError:
            reason = "the deadline passed"
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as failure:
            reason = _reason(failure)
        return Unknown(reason) if first_byte.may_have_left else NotSent(reason)

    async def aclose(self) -> None:
        """Close the idle connections of the running event loop."""
        connections = self._by_loop.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.aclose()

    async def _exchange(self, request: httpcore.Request) -> HttpAnswer:
        async with self._connections().lend(request.url.origin) as connection:
            response = await connection.handle_async_request(request)
            body = bytearray()
            try:
                async for chunk in response.aiter_stream():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise _TooLong
            finally:
                await response.aclose()
        return HttpAnswer(response.status, _names_in_lower_case(response.headers), bytes(body))

    def _connections(self) -> ProviderConnections:
        loop = asyncio.get_running_loop()
        connections = self._by_loop.get(loop)
        if connections is None:
            connections = ProviderConnections(self._tls, max_connections=self._max_connections, network=self._network)
            self._by_loop[loop] = connections
        return connections


class _FirstByte:
    """Knows whether a byte may have left, and lets none leave after the deadline."""

    def __init__(self, clock: Clock, deadline_at: float) -> None:
        self._clock = clock
        self._deadline_at = deadline_at
        self.may_have_left = False

    async def watch(self, event: str, _details: Mapping[str, Any]) -> None:
        """Told by httpcore before and after each of its steps; never waits, so that the check is the last thing."""
        if event == _FIRST_WRITE:
            if self._clock.monotonic() >= self._deadline_at:
                raise _TooLate
            self.may_have_left = True


def _target_of(url: str) -> httpcore.URL:
    """Take *url* apart here, once: httpcore's own parser drops what follows a semicolon in the path."""
    if not all("!" <= character <= "~" for character in url):
        raise ValueError("a URL is written in ASCII, without spaces")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("a provider's URL begins with https:// or http:// and a host, and names no user")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=parts.hostname, port=parts.port, target=target)


def _headers_of(url: str, headers: Mapping[str, str], body: bytes | None) -> list[tuple[bytes, bytes]]:
    merged = _DEFAULT_HEADERS | {name.lower(): value for name, value in headers.items()}
    if body is not None:
        merged["content-length"] = str(len(body))
    if any(character in value for value in merged.values() for character in "\r\n\0"):
        raise ValueError("a header's value has one line")
    pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in merged.items()]
    return [(b"host", urlsplit(url).netloc.encode("ascii")), *pairs]


def _names_in_lower_case(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first of each name; what a provider sends twice is nothing that we read."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("ascii").lower(), value.decode("latin-1"))
    return found


def _reason(failure: Exception) -> str:
    """For people: connecting fails for reasons worth reading, later messages may repeat what we sent."""
    kind = type(failure).__name__
    return f"{kind}: {failure}"[:_LONGEST_REASON] if isinstance(failure, httpcore.ConnectError) else kind
