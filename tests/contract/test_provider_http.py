"""What surely was not sent, and what may have arrived: `ports.provider_http.ProviderHttp` against real servers."""

import asyncio
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.http.provider_connections import KEEP_ALIVE_SECONDS
from adapters.http.provider_http import MAX_ANSWER_BYTES, MAX_CONNECTIONS, HttpcoreProviderHttp
from adapters.system.clock import SystemClock
from contract.scripted_server import Connection, answering, json_answer, scripted_server
from core.domain.outcomes import NotSent, Unknown
from entrypoints.embedded.free_port import free_port
from ports.provider_http import HttpAnswer, ProviderHttp

OK = json_answer(200, b'{"ok":true}')
TLS = ssl.create_default_context()  # one for all, as it takes longer to make than any test
SOON = 0.5
"""A deadline for what never answers, in seconds."""


class MovableClock(SystemClock):
    """The machine's clock, which a test can put forward."""

    ahead = 0.0

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return super().monotonic() + self.ahead


class SlowNetwork(httpcore.AnyIOBackend):
    """Connects, and by then the clock says something else."""

    def __init__(self, clock: MovableClock, *, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore calls it so
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        self._clock.ahead += self._seconds
        return stream


@pytest.fixture
async def http() -> AsyncIterator[HttpcoreProviderHttp]:
    ours = HttpcoreProviderHttp(SystemClock(), tls=TLS)
    yield ours
    await ours.aclose()


async def post(
    http: ProviderHttp, url: str, *, seconds: float = 5.0, body: bytes | None = b'{"amount":5}'
) -> HttpAnswer | NotSent | Unknown:
    headers = {"Authorization": "Bearer secret-of-the-test"}
    return await http.send("POST", url, headers=headers, body=body, deadline_at=time.monotonic() + seconds)


# ── Not sent ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_refused_connection_is_not_sent(http: ProviderHttp) -> None:
    assert isinstance(await post(http, f"http://127.0.0.1:{free_port()}/"), NotSent)


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".invalid", "a..invalid"])
async def test_a_name_without_an_address_is_not_sent(http: ProviderHttp, host: str) -> None:
    assert isinstance(await post(http, f"http://{host}/"), NotSent)


async def test_a_certificate_that_nobody_vouches_for_is_not_sent(certificate: ssl.SSLContext) -> None:
    http = HttpcoreProviderHttp(SystemClock())
    async with scripted_server(answering(OK), tls=certificate) as server:
        outcome = await post(http, server.url)
        assert isinstance(outcome, NotSent)
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
        assert server.received == b""


async def test_a_server_that_speaks_no_tls_is_not_sent_anything(http: ProviderHttp) -> None:
    async with scripted_server(lambda connection: connection.write(b"220 ready\r\n")) as server:
        assert isinstance(await post(http, server.url.replace("http:", "https:")), NotSent)


async def test_tls_that_never_gets_agreed_is_not_sent_and_leaves_no_connection(http: ProviderHttp) -> None:
    async with scripted_server(Connection.until_gone) as server:
        outcome = await post(http, server.url.replace("http:", "https:"), seconds=SOON)
        assert isinstance(outcome, NotSent)
        await until_closed(server.connections[0])
        assert b"secret" not in server.received


async def test_nothing_is_tried_after_the_deadline(http: ProviderHttp) -> None:
    async with scripted_server(answering(OK)) as server:
        assert isinstance(await post(http, server.url, seconds=0), NotSent)
        assert server.connections == []


async def test_a_deadline_that_passes_while_connecting_lets_no_byte_out() -> None:
    clock = MovableClock()
    http = HttpcoreProviderHttp(clock, network=SlowNetwork(clock, seconds=10))
    async with scripted_server(answering(OK)) as server:
        outcome = await post(http, server.url, seconds=9)
        assert outcome == NotSent("the deadline passed before the first byte")
        await until(lambda: server.connections)
        await until_closed(server.connections[0])
        assert server.received == b""
    await http.aclose()


CHILD = """
import asyncio, sys, time
import httpcore
from adapters.http.provider_http import HttpcoreProviderHttp
from adapters.system.clock import SystemClock

class Connecting(httpcore.AnyIOBackend):
    async def connect_tcp(self, *arguments, **named):
        stream = await super().connect_tcp(*arguments, **named)
        print("connected", flush=True)
        sys.stdin.readline()  # here the process is stopped, and goes on long after its deadline
        return stream

async def main():
    http = HttpcoreProviderHttp(SystemClock(), network=Connecting())
    deadline_at = time.monotonic() + float(sys.argv[2])
    print(type(await http.send("POST", sys.argv[1], headers={}, body=b"{}", deadline_at=deadline_at)).__name__)

asyncio.run(main())
"""


async def test_a_process_that_was_stopped_past_its_deadline_sends_nothing() -> None:
    async with scripted_server(answering(OK)) as server:
        command = [sys.executable, "-c", CHILD, server.url, str(SOON)]
        child = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2] / "src"
        )
        assert child.stdout is not None
        assert await child.stdout.readline() == b"connected\n"
        child.send_signal(signal.SIGSTOP)
        await asyncio.sleep(SOON + 0.1)  # the deadline of a stopped process
        child.send_signal(signal.SIGCONT)
        said, _ = await child.communicate(b"\n")
        assert said.strip() == b"NotSent"
        assert server.received == b""


async def test_waiting_for_a_free_connection_past_the_deadline_is_not_sent() -> None:
    http = HttpcoreProviderHttp(SystemClock(), tls=TLS, max_connections=1)
    async with scripted_server(Connection.until_gone) as server:
        first = asyncio.create_task(post(http, server.url, seconds=1))
        await until(lambda: b"amount" in server.received)
        assert isinstance(await post(http, server.url, seconds=SOON), NotSent)
        assert isinstance(await first, Unknown)
        assert len(server.connections) == 1


# ── Unknown ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _reads_and_closes(connection: Connection) -> None:
    await connection.request()


async def _reads_and_resets(connection: Connection) -> None:
    await connection.request()
    connection.writer.transport.abort()


async def _half_a_body(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


async def _half_a_head(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Le")


async def _half_a_chunk(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{")


async def _no_http(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"MAIL FROM: nobody\r\n\r\n")


async def _huge(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
    while True:
        await connection.write(b" " * 65_536)


async def _drips(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        await connection.write(b" ")
        await asyncio.sleep(0.02)


async def _drips_headers(connection: Connection) -> None:
    await connection.request()
    await connection.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await connection.write(b"x-more: and more\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "script",
    [
        *(_reads_and_closes, _reads_and_resets, _half_a_body, _half_a_head, _half_a_chunk, _no_http, _huge),
        *(_drips, _drips_headers, Connection.until_gone),
    ],
    ids=lambda script: script.__name__.strip("_"),
)
async def test_a_request_that_got_no_whole_answer_in_time_may_have_arrived(http: ProviderHttp, script: object) -> None:
    assert callable(script)
    started = time.monotonic()
    async with scripted_server(script) as server:
        outcome = await post(http, server.url, seconds=SOON)
        assert isinstance(outcome, Unknown)
        assert time.monotonic() - started < SOON + 2
        assert b"amount" in server.received
        assert "secret" not in outcome.reason


async def test_a_kept_connection_that_the_server_drops_under_a_request_is_unknown(http: ProviderHttp) -> None:
    async def once(connection: Connection) -> None:
        await connection.request()
        await connection.write(OK)
        await connection.request()  # it reads the next one, and dies

    async with scripted_server(once) as server:
        assert isinstance(await post(http, server.url), HttpAnswer)
        assert isinstance(await post(http, server.url), Unknown)
        assert len(server.connections) == 1


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (json_answer(200, b"{}"), 200),
        (json_answer(500, b"<html>oops</html>"), 500),
        (json_answer(502, b"<html>bad gateway</html>", "Connection: close"), 502),
        (json_answer(302, b"", "Location: http://127.0.0.1:1/"), 302),
        (json_answer(308, b"", "Location: /elsewhere"), 308),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + json_answer(201, b"{}"), 201),
    ],
)
async def test_a_whole_answer_is_handed_over_as_it_is(http: ProviderHttp, answer: bytes, status: int) -> None:
    async with scripted_server(answering(answer)) as server:
        outcome = await post(http, server.url)
        assert isinstance(outcome, HttpAnswer)
        assert outcome.status == status
        assert outcome.body == answer.rpartition(b"\r\n\r\n")[2]
        assert outcome.headers["content-type"] == "application/json"
        assert server.received.count(b"POST ") == 1


async def test_the_longest_answer_is_read_to_its_end(http: ProviderHttp) -> None:
    async with scripted_server(answering(json_answer(200, b" " * MAX_ANSWER_BYTES))) as server:
        outcome = await post(http, server.url)
        assert isinstance(outcome, HttpAnswer)
        assert len(outcome.body) == MAX_ANSWER_BYTES


async def test_what_is_sent_is_what_was_asked_for_and_no_cookie(http: ProviderHttp) -> None:
    async with scripted_server(answering(json_answer(200, b"{}", "Set-Cookie: a=b; Path=/"))) as server:
        await post(http, server.url + ";v=1?q=a%20b#fragment")
        await post(http, server.url, body=None)
        first, second = server.received.split(b'{"amount":5}')
        assert first.startswith(b"POST /path;v=1?q=a%20b HTTP/1.1\r\n")
        assert b"host: 127.0.0.1:%d\r\n" % server.port in first
        assert b"content-length: 12\r\n" in first
        assert b"cookie" not in second.lower()


@pytest.mark.parametrize("url", ["ftp://a/", "http:///", "http://user:pass@a/", "http://a/ b", "http://ä/", "a"])
async def test_a_url_that_is_none_is_a_mistake_and_no_outcome(http: ProviderHttp, url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        await post(http, url)


async def test_a_header_with_a_line_break_is_a_mistake_that_does_not_tell_the_secret(http: ProviderHttp) -> None:
    with pytest.raises(ValueError, match="one line") as mistake:
        await http.send("GET", "http://a/", headers={"authorization": "secret\nx"}, body=None, deadline_at=1e18)
    assert "secret" not in str(mistake.value)


async def test_a_trusted_certificate_is_answered(certificate: ssl.SSLContext, certificate_file: Path) -> None:
    http = HttpcoreProviderHttp(SystemClock(), tls=ssl.create_default_context(cafile=str(certificate_file)))
    async with scripted_server(answering(OK), tls=certificate) as server:
        assert isinstance(await post(http, server.url), HttpAnswer)
        assert isinstance(await post(http, server.url), HttpAnswer)
        assert len(server.connections) == 1
        await http.aclose()


# ── Connections ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _once_a_connection(connection: Connection) -> None:
    await connection.request()
    await connection.write(OK)  # and closes it, without having said so


async def test_a_connection_the_server_has_closed_is_not_used_again(http: ProviderHttp) -> None:
    async with scripted_server(_once_a_connection) as server:
        for number in range(3):
            assert isinstance(await post(http, server.url), HttpAnswer)
            await until_closed(server.connections[number])
            await asyncio.sleep(0.02)  # the goodbye is on its way over the loopback
        assert len(server.connections) == 3


async def test_a_connection_idle_for_long_is_not_used_again(http: ProviderHttp) -> None:
    async with scripted_server(answering(OK)) as server:
        await post(http, server.url)
        await asyncio.sleep(KEEP_ALIVE_SECONDS + 0.1)
        await post(http, server.url)
        assert len(server.connections) == 2


async def test_a_hundred_calls_at_once_share_one_client(http: ProviderHttp) -> None:
    async with scripted_server(answering(OK)) as server:
        outcomes = await asyncio.gather(*(post(http, server.url) for _ in range(2 * MAX_CONNECTIONS)))
        assert {type(outcome) for outcome in outcomes} == {HttpAnswer}
        assert len(server.connections) <= MAX_CONNECTIONS
        assert server.received.count(b"POST ") == 2 * MAX_CONNECTIONS


async def test_calls_that_are_cut_off_take_no_place_with_them() -> None:
    http = HttpcoreProviderHttp(SystemClock(), tls=TLS, max_connections=3)
    async with scripted_server(_once_a_connection) as server:
        for number in range(150):
            calls = [asyncio.create_task(post(http, server.url, seconds=(number % 7) / 1000)) for _ in range(6)]
            await asyncio.sleep((number % 5) / 2000)
            for call in calls[::2]:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        outcomes = await asyncio.gather(*(post(http, server.url) for _ in range(9)))
        assert {type(outcome) for outcome in outcomes} == {HttpAnswer}
        await http.aclose()


async def test_a_cancelled_call_ends_as_cancelled_and_closes_its_connection(http: ProviderHttp) -> None:
    async with scripted_server(Connection.until_gone) as server:
        call = asyncio.create_task(post(http, server.url))
        await until(lambda: b"amount" in server.received)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until_closed(server.connections[0])


async def test_every_event_loop_has_connections_of_its_own(http: ProviderHttp) -> None:
    """Granian runs uvloop: what is true of a closed connection on asyncio's loop must be true there."""
    found: list[object] = []

    async def elsewhere(url: str) -> None:
        for _ in range(3):
            found.append(await post(http, url))
            await asyncio.sleep(0.05)
        assert isinstance(http, HttpcoreProviderHttp)
        await http.aclose()

    async with scripted_server(_once_a_connection) as server:
        await post(http, server.url)
        await asyncio.to_thread(run_elsewhere, elsewhere(server.url))
        await post(http, server.url)
        assert {type(outcome) for outcome in found} == {HttpAnswer}
        assert len(server.connections) == 5


# ── Support ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_elsewhere(main: Coroutine[None, None, None]) -> None:
    """Run it to its end on a loop like the API's."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def until(condition: object) -> None:
    """Wait for *condition*, for five seconds at most."""
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the other side has no event to wait for
            await asyncio.sleep(0.005)


async def until_closed(connection: Connection) -> None:
    """Wait for the end of the server's side."""
    await until(connection.writer.is_closing)


@pytest.fixture(scope="module")
def certificate_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


@pytest.fixture(scope="module")
def certificate(certificate_file: Path) -> ssl.SSLContext:
    """The same, for a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    return context
