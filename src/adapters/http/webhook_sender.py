"""Sending webhooks over HTTP/1.1, to checked addresses only."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpcore
import httpx

from adapters.http.address_guard import AddressGuard, AddressRefused
from adapters.http.destinations import Destination, DestinationRefused
from adapters.http.pinned_connections import Headers, PinnedConnections
from adapters.http.resolver import NameNotResolved
from core.domain.webhook_answers import DeliveryAnswer, DeliveryError, excerpt_of

CONNECT_TIMEOUT_SECONDS = 5.0
TOTAL_TIMEOUT_SECONDS = 20.0
"""The longest an attempt may last, whatever the caller asks for."""

MAX_BODY_BYTES = 65_536
MAX_RETRY_AFTER_LENGTH = 100

_OWN_HEADERS = (
    (b"Content-Type", b"application/json"),
    (b"User-Agent", b"Bursar-Webhooks/1"),
    (b"Accept", b"*/*"),
    # A body that unfolds to gigabytes does not exist where nothing is unfolded.
    (b"Accept-Encoding", b"identity"),
)


class HttpWebhookSender:
    """
    Implements `ports.webhook_sender.WebhookSender`.

    Redirects, cookies, proxies and the environment are not turned off but absent: the connections know none of them.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        tls: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """
        Ask *guard* before every attempt.

        Args:
            tls: Whom to trust; the public authorities unless given.
            network: How to connect to an address; by the system unless given.
        """
        self._guard = guard
        trusted = httpx.create_ssl_context(trust_env=False) if tls is None else tls
        self._connections = PinnedConnections(trusted, network=network)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connections.aclose()

    async def send(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        timeout_seconds: float = TOTAL_TIMEOUT_SECONDS,
    ) -> DeliveryAnswer:
        """
        POST *body* once and say what came of it, within *timeout_seconds* in all, and never more than 20 s.

        A status that has come stays, whatever happens to the body after it: the receiver has said what it had to say.
        """
        heard = _Heard()
        started = time.monotonic()
        error: DeliveryError | None
        try:
            async with asyncio.timeout(min(timeout_seconds, TOTAL_TIMEOUT_SECONDS)):
                approved = await self._guard.approve(url)
                request = _Request(approved.destination, headers, body)
                error = await self._post(request, _worth_trying(approved.addresses), heard)
        except TimeoutError:
            error = DeliveryError.TIMEOUT
        except DestinationRefused:
            error = DeliveryError.REFUSED_URL
        except AddressRefused:
            error = DeliveryError.REFUSED_ADDRESS
        except NameNotResolved:
            error = DeliveryError.DNS_FAILURE
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as failure:
            error = _error_of(failure)
        return DeliveryAnswer(
            status=heard.status,
            error=error,
            duration_ms=round((time.monotonic() - started) * 1000),
            retry_after=heard.retry_after,
            excerpt=excerpt_of(bytes(heard.body)),
        )

    async def _post(self, request: "_Request", addresses: tuple[str, ...], heard: "_Heard") -> DeliveryError | None:
        """Go on to the next address while none connects; once one has, nothing is sent a second time."""
        connect_seconds = CONNECT_TIMEOUT_SECONDS / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, request, heard, connect_seconds=connect_seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._post_to(addresses[-1], request, heard, connect_seconds=connect_seconds)

    async def _post_to(
        self, address: str, request: "_Request", heard: "_Heard", *, connect_seconds: float
    ) -> DeliveryError | None:
        async with self._connections.post(
            request.destination, address, request.header_lines, request.body, connect_seconds=connect_seconds
        ) as response:
            heard.status = response.status
            heard.retry_after = _retry_after(response.headers)
            async for chunk in response.aiter_stream():
                room = MAX_BODY_BYTES - len(heard.body)
                heard.body += chunk[:room]
                if len(chunk) > room:
                    return DeliveryError.TOO_MANY_BYTES
        return None


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, to whichever address connects."""

    destination: Destination
    headers: Mapping[str, str]
    body: bytes

    @property
    def header_lines(self) -> Headers:
        given = ((name.encode(), value.encode()) for name, value in self.headers.items())
        return [(b"Host", self.destination.host_header.encode()), *_OWN_HEADERS, *given]


@dataclass(slots=True)
class _Heard:
    """What has come so far, kept when the attempt is cut off."""

    status: int | None = None
    retry_after: str | None = None
    body: bytearray = field(default_factory=bytearray)


def _worth_trying(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The best address, and one more: of the other family if there is one, as a whole family may be unreachable."""
    best = addresses[0]
    others = sorted(addresses[1:], key=lambda address: (":" in address) == (":" in best))
    return (best, *others[:1])


def _retry_after(headers: list[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name.lower() == b"retry-after":
            return value[:MAX_RETRY_AFTER_LENGTH].decode("ascii", errors="replace")
    return None


def _error_of(failure: Exception) -> DeliveryError:
    causes = _causes(failure)
    if isinstance(failure, httpcore.TimeoutException):
        return DeliveryError.TIMEOUT
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return DeliveryError.TLS_ERROR
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return DeliveryError.CONNECTION_REFUSED
    if isinstance(failure, httpcore.ConnectError):
        return DeliveryError.CONNECTION_FAILED
    if isinstance(failure, httpcore.NetworkError):
        return DeliveryError.CONNECTION_LOST
    return DeliveryError.PROTOCOL_ERROR


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
