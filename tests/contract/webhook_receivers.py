"""A little internet for webhooks: names, addresses, certificates, and receivers that behave as told."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.http.resolver import NameNotResolved

PUBLIC, OTHER_PUBLIC, PUBLIC_V6 = "93.184.216.34", "8.8.4.4", "2606:4700:4700::1111"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Dns:
    """Implements `adapters.http.resolver.Resolver`: each name has its answers, and the last one stays."""

    def __init__(self, **answers: str) -> None:
        """Answer nothing yet, or by ``host_with_underscores="address address"``."""
        self._answers: dict[str, list[tuple[str, ...]]] = {}
        self.asked: list[str] = []
        for name, addresses in answers.items():
            self.say(name.replace("_", "."), addresses.split())

    def say(self, name: str, *answers: Iterable[str]) -> None:
        """Answer look-ups of *name* with these, one after the other."""
        self._answers[name] = [tuple(answer) for answer in answers]

    async def addresses(self, name: str) -> tuple[str, ...]:
        """The next answer."""
        self.asked.append(name)
        answers = self._answers.get(name)
        if not answers:
            raise NameNotResolved(f"{name} does not resolve")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Internet(httpcore.AsyncNetworkBackend):
    """Takes connections to public addresses to receivers of the test, and notes every address that is dialled."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._places: dict[tuple[str, int], int] = {}
        self._real = httpcore.AnyIOBackend()
        self.dialled: list[str] = []

    def place(self, address: str, local_port: int, *, port: int = 443) -> None:
        """Who connects to *address* and *port* gets to *local_port* of this machine."""
        self._places[address, port] = local_port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to whoever was placed there."""
        self.dialled.append(host)
        if (host, port) not in self._places:
            raise httpcore.ConnectTimeout("nobody answers")
        return await self._real.connect_tcp("127.0.0.1", self._places[host, port], timeout, local_address)


@dataclass
class Request:
    """What a receiver got."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server on loopback; `answering` writes what it says to each request."""

    answering: Answering
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    names_asked_for: list[str | None] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request has come whole."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a connection has ended, from whichever side."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request."""
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    self.requests.append(await _read_request(reader))
                    self.arrived.set()
                    await self.answering(writer)
                    await writer.drain()
                    if writer.is_closing():
                        break
        finally:
            writer.transport.abort()
            self.ended.set()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Request(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def saying(answer: bytes) -> Answering:
    """Say these bytes."""

    async def answering(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return answering


@asynccontextmanager
async def receiver(answering: Answering | bytes = OK, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """A running receiver."""
    running = Receiver(saying(answering) if isinstance(answering, bytes) else answering)
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: running.names_asked_for.append(name)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


class Authority:
    """A certificate authority of the tests."""

    def __init__(self, folder: Path, name: str = "Authority of the tests") -> None:
        """Keep files in *folder*, which must be there."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._certificate = (
            _certificate(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def trust(self) -> ssl.SSLContext:
        """What a client uses that trusts this authority alone."""
        pem = self._certificate.public_bytes(Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """A server with a certificate for these DNS names or addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        certificate = (
            _certificate(subject, self._name, key, expired=expired)
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self._folder / f"{certificate.serial_number:x}.pem"
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool = False
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1) if expired else now + timedelta(days=1))
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
