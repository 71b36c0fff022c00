"""Sending webhooks: real TLS, real sockets, and every way a receiver can misbehave."""

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.http.address_guard import AddressGuard
from adapters.http.outgoing_url_policy import GuardedOutgoingUrlPolicy
from adapters.http.pinned_connections import MAX_CONNECTIONS_EACH
from adapters.http.webhook_sender import HttpWebhookSender
from builders import NOON
from contract.webhook_receivers import (
    OK,
    OTHER_PUBLIC,
    PUBLIC,
    PUBLIC_V6,
    Answering,
    Authority,
    Dns,
    Internet,
    Receiver,
    receiver,
)
from core.domain.outgoing_urls import OutgoingUrlRefused
from core.domain.webhook_answers import MAX_EXCERPT_BYTES, DeliveryAnswer, DeliveryError
from core.domain.webhook_secrets import SigningKey
from core.domain.webhook_signatures import signed_headers, verify
from ports.outgoing_url_policy import OutgoingUrlPolicy
from ports.webhook_sender import WebhookSender

HOST = "hooks.example.com"
URL = f"https://{HOST}/bursar?shop=7"
BODY = '{"type":"transfer.posted","data":{"note":"zażółć"}}'.encode()
KEY = SigningKey(bytes(range(32)))
HEADERS = signed_headers("evt_1", sent_at=NOON, body=BODY, keys=[KEY])


@dataclass
class World:
    """One sender in a little internet where HOST leads to PUBLIC."""

    authority: Authority
    stack: AsyncExitStack
    dns: Dns = field(default_factory=lambda: Dns(hooks_example_com=PUBLIC))
    internet: Internet = field(default_factory=Internet)

    def __post_init__(self) -> None:
        """Build the sender."""
        self.guard = AddressGuard(self.dns)
        self.sender = HttpWebhookSender(self.guard, tls=self.authority.trust(), network=self.internet)

    async def receiver(
        self,
        answering: Answering | bytes = OK,
        *,
        address: str = PUBLIC,
        tls: ssl.SSLContext | None = None,
        port: int = 443,
    ) -> Receiver:
        """Somebody at *address*, with a certificate for HOST unless given another."""
        running = await self.stack.enter_async_context(receiver(answering, tls=tls or self.authority.server(HOST)))
        self.internet.place(address, running.port, port=port)
        return running

    async def send(self, url: str = URL, *, timeout_seconds: float = 5) -> DeliveryAnswer:
        """One attempt."""
        port: WebhookSender = self.sender
        return await port.send(url, HEADERS, BODY, timeout_seconds=timeout_seconds)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def world(authority: Authority) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        world = World(authority, stack)
        yield world
        await world.sender.aclose()


# ── What arrives ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_arrives_as_it_was_signed(world: World) -> None:
    there = await world.receiver()
    answer = await world.send()
    assert (answer.status, answer.error) == (200, None)
    [request] = there.requests
    assert request.line == "POST /bursar?shop=7 HTTP/1.1"
    assert verify(request.headers, request.body, [KEY], now=NOON).id == "evt_1"
    assert request.body == BODY
    assert request.headers["host"] == HOST
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Bursar-Webhooks/1"
    assert there.names_asked_for == [HOST]
    assert world.internet.dialled == [PUBLIC]


async def test_a_port_other_than_443_is_named_in_host(world: World) -> None:
    there = await world.receiver(port=8443)
    assert (await world.send(f"https://{HOST}:8443/")).status == 200
    assert there.requests[0].headers["host"] == f"{HOST}:8443"


async def test_an_internationalised_name_is_called_by_its_ascii_form(world: World) -> None:
    world.dns.say("xn--bcher-kva.example", [PUBLIC])
    there = await world.receiver(tls=world.authority.server("xn--bcher-kva.example"))
    assert (await world.send("https://Bücher.example/")).status == 200
    assert there.requests[0].headers["host"] == "xn--bcher-kva.example"


async def test_attempts_in_a_row_share_a_connection(world: World) -> None:
    there = await world.receiver()
    for _ in range(20):
        assert (await world.send()).status == 200
    assert (there.connections, len(there.requests)) == (1, 20)
    assert len(world.dns.asked) == 20, "the addresses are checked anew at every attempt all the same"


async def test_two_names_at_one_address_never_share_a_connection(world: World) -> None:
    """Or the certificate of the first would vouch for the second."""
    world.dns.say("other.example.com", [PUBLIC])
    there = await world.receiver()
    assert (await world.send()).status == 200
    assert (await world.send("https://other.example.com/")).error is DeliveryError.TLS_ERROR
    assert len(there.requests) == 1


async def test_a_name_that_moved_is_called_at_its_new_address(world: World) -> None:
    old, new = await world.receiver(), await world.receiver(address=OTHER_PUBLIC)
    world.dns.say(HOST, [PUBLIC], [OTHER_PUBLIC])
    await world.send()
    await world.send()
    assert (len(old.requests), len(new.requests)) == (1, 1)


async def test_a_dead_address_is_passed_over_for_one_of_the_other_family(world: World) -> None:
    world.dns.say(HOST, [PUBLIC_V6, "2606:4700:4700::1001", PUBLIC])
    there = await world.receiver()
    assert (await world.send()).status == 200
    assert world.internet.dialled == [PUBLIC_V6, PUBLIC]
    assert len(there.requests) == 1


async def test_nothing_is_sent_to_a_second_address_once_one_was_reached(world: World) -> None:
    world.dns.say(HOST, [PUBLIC, OTHER_PUBLIC])
    await world.receiver(closing)
    second = await world.receiver(address=OTHER_PUBLIC)
    assert (await world.send()).error is DeliveryError.PROTOCOL_ERROR
    assert second.connections == 0


# ── Whose certificate ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("names", [("other.example.com",), (PUBLIC,), ("*.com",), ("*.hooks.example.com",)])
async def test_a_certificate_for_anything_but_the_name_is_refused(world: World, names: tuple[str, ...]) -> None:
    """The address that is connected to is in one of them, and does not help."""
    there = await world.receiver(tls=world.authority.server(*names))
    answer = await world.send()
    assert (answer.status, answer.error) == (None, DeliveryError.TLS_ERROR)
    assert there.requests == []


async def test_an_expired_certificate_is_refused(world: World) -> None:
    there = await world.receiver(tls=world.authority.server(HOST, expired=True))
    assert (await world.send()).error is DeliveryError.TLS_ERROR
    assert there.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(world: World, tmp_path: Path) -> None:
    there = await world.receiver(tls=Authority(tmp_path, "Somebody else").server(HOST))
    assert (await world.send()).error is DeliveryError.TLS_ERROR
    assert there.requests == []


async def test_without_further_ado_only_public_authorities_are_trusted(world: World) -> None:
    there = await world.receiver()
    sender = HttpWebhookSender(world.guard, network=world.internet)
    answer = await sender.send(URL, HEADERS, BODY, timeout_seconds=5)
    assert answer.error is DeliveryError.TLS_ERROR
    assert there.requests == []
    await sender.aclose()


async def test_a_server_without_tls_is_refused(world: World) -> None:
    async def complain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    heard: list[bytes] = []
    async with await asyncio.start_server(complain, "127.0.0.1", 0) as plain:
        world.internet.place(PUBLIC, plain.sockets[0].getsockname()[1])
        assert (await world.send()).error is DeliveryError.TLS_ERROR
    assert b"transfer.posted" not in heard[0]


# ── Where a name may lead ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_name_that_is_rebound_to_loopback_is_not_called(world: World) -> None:
    """Public when it was registered, loopback when it is called."""
    inside = await world.receiver(address="127.0.0.1")
    world.dns.say(HOST, [PUBLIC], ["127.0.0.1"])
    await GuardedOutgoingUrlPolicy(world.guard).check_url(URL)
    answer = await world.send()
    assert (answer.status, answer.error) == (None, DeliveryError.REFUSED_ADDRESS)
    assert (world.internet.dialled, inside.connections) == ([], 0)


async def test_between_the_check_and_the_connection_nobody_is_asked_again(world: World) -> None:
    """A resolver that answers public first and loopback then has no second chance within one attempt."""
    there, inside = await world.receiver(), await world.receiver(address="127.0.0.1")
    world.dns.say(HOST, [PUBLIC], ["127.0.0.1"])
    assert (await world.send()).status == 200
    assert (world.dns.asked, world.internet.dialled) == ([HOST], [PUBLIC])
    assert (there.connections, inside.connections) == (1, 0)


async def test_an_open_connection_does_not_excuse_a_name_that_now_leads_inside(world: World) -> None:
    there = await world.receiver()
    world.dns.say(HOST, [PUBLIC], ["10.0.0.7"])
    assert (await world.send()).status == 200
    assert (await world.send()).error is DeliveryError.REFUSED_ADDRESS
    assert len(there.requests) == 1


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254"])
async def test_one_bad_address_among_good_ones_spoils_the_name(world: World, inside: str) -> None:
    world.dns.say(HOST, [PUBLIC, OTHER_PUBLIC, inside])
    await world.receiver()
    assert (await world.send()).error is DeliveryError.REFUSED_ADDRESS
    assert world.internet.dialled == []


async def test_an_ip_address_in_the_url_is_not_called(world: World) -> None:
    there = await world.receiver()
    assert (await world.send(f"https://{PUBLIC}/")).error is DeliveryError.REFUSED_URL
    assert (there.connections, world.dns.asked) == (0, [])


async def test_a_name_without_addresses_is_a_dns_failure(world: World) -> None:
    assert (await world.send("https://nobody.example.com/")).error is DeliveryError.DNS_FAILURE


async def test_registration_names_the_rule_and_the_field(world: World) -> None:
    policy: OutgoingUrlPolicy = GuardedOutgoingUrlPolicy(world.guard)
    world.dns.say("inside.example.com", ["192.168.1.1"])
    for url, rule in [
        ("http://hooks.example.com/", "https"),
        ("https://inside.example.com/", "not public"),
        ("https://nobody.example.com/", "does not resolve"),
        ("https://[::1]/", "IP address"),
    ]:
        with pytest.raises(OutgoingUrlRefused, match=rule) as refusal:
            await policy.check_url(url)
        assert refusal.value.pointer == "#/url"
        assert "192.168" not in str(refusal.value), "where an inner name leads is nobody's business"


async def test_a_redirect_is_an_answer_and_not_followed(world: World) -> None:
    inside = await world.receiver(address=OTHER_PUBLIC)
    world.dns.say("next.example.com", [OTHER_PUBLIC])
    redirect = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://next.example.com/\r\nContent-Length: 0\r\n\r\n"
    await world.receiver(redirect)
    assert (await world.send()).status == 307
    assert (inside.connections, world.internet.dialled) == (0, [PUBLIC])


async def test_cookies_are_not_kept(world: World) -> None:
    there = await world.receiver(b"HTTP/1.1 200 OK\r\nSet-Cookie: track=1; Path=/\r\nContent-Length: 0\r\n\r\n")
    await world.send()
    await world.send()
    assert all("cookie" not in request.headers for request in there.requests)


async def test_proxies_of_the_environment_are_not_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = await world.stack.enter_async_context(receiver(OK))
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    there = await world.receiver()
    assert (await world.send()).status == 200
    assert (len(there.requests), proxy.connections) == (1, 0)


# ── How a receiver may misbehave ─────────────────────────────────────────────────────────────────────────────────────


async def closing(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 10_000)
        await writer.drain()


async def dripping_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def dripping_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def half_a_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 100\r\n\r\nhalf")
    writer.close()


async def test_an_endless_body_is_cut_after_64_kb(world: World) -> None:
    there = await world.receiver(endless_body)
    answer = await world.send()
    assert (answer.status, answer.error) == (200, DeliveryError.TOO_MANY_BYTES)
    assert answer.excerpt == "x" * MAX_EXCERPT_BYTES
    async with asyncio.timeout(5):
        await there.ended.wait()


async def test_a_body_of_exactly_64_kb_is_read_to_its_end(world: World) -> None:
    await world.receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65_536)
    assert (await world.send()).error is None


@pytest.mark.parametrize(("behaviour", "status"), [(silence, None), (dripping_headers, None), (dripping_body, 200)])
async def test_the_time_limit_is_absolute(world: World, behaviour: Answering, status: int | None) -> None:
    """However often a byte comes; what has come before the limit counts."""
    there = await world.receiver(behaviour)
    started = time.monotonic()
    answer = await world.send(timeout_seconds=0.4)
    assert time.monotonic() - started < 2
    assert (answer.status, answer.error) == (status, DeliveryError.TIMEOUT)
    assert 350 <= answer.duration_ms < 2000
    if behaviour is not silence:
        async with asyncio.timeout(5):
            await there.ended.wait()


async def test_a_slow_look_up_counts_towards_the_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_name: str) -> tuple[str, ...]:
        await asyncio.sleep(30)
        return (PUBLIC,)

    monkeypatch.setattr(world.dns, "addresses", never)
    assert (await world.send(timeout_seconds=0.2)).error is DeliveryError.TIMEOUT
    monkeypatch.setattr("adapters.http.address_guard.DNS_TIMEOUT_SECONDS", 0.1)
    assert (await world.send()).error is DeliveryError.DNS_FAILURE


async def test_an_address_that_does_not_answer_is_a_timeout(world: World) -> None:
    assert (await world.send()).error is DeliveryError.TIMEOUT


async def test_a_closed_port_is_a_refused_connection(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        world.internet.place(PUBLIC, taken.getsockname()[1])
        assert (await world.send()).error is DeliveryError.CONNECTION_REFUSED


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000]
)
async def test_what_is_not_http_is_a_protocol_error(world: World, answer: bytes) -> None:
    await world.receiver(answer)
    outcome = await world.send()
    assert (outcome.status, outcome.error) == (None, DeliveryError.PROTOCOL_ERROR)


async def test_a_receiver_that_hangs_up_without_a_word_is_an_error(world: World) -> None:
    await world.receiver(closing)
    assert (await world.send()).error is DeliveryError.PROTOCOL_ERROR


async def test_a_status_stays_when_the_connection_breaks_after_it(world: World) -> None:
    await world.receiver(half_a_body)
    answer = await world.send()
    assert (answer.status, answer.error) == (503, DeliveryError.PROTOCOL_ERROR)
    assert (answer.retry_after, answer.excerpt) == ("120", "half")


async def test_what_is_kept_of_an_answer_is_harmless_text(world: World) -> None:
    body = b"<b>\x00\x1b[31m\xff\xfe ok\n"
    await world.receiver(b"HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    answer = await world.send()
    assert answer.excerpt == "<b>\ufffd\ufffd[31m\ufffd\ufffd ok\n"


async def test_a_packed_body_is_not_unpacked(world: World) -> None:
    """One kilobyte can unfold to a gigabyte."""
    packed = gzip.compress(b"0" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    there = await world.receiver(head + packed)
    answer = await world.send()
    assert (answer.status, answer.error) == (200, None)
    assert "000" not in answer.excerpt
    assert there.requests[0].headers["accept-encoding"] == "identity"


async def test_a_receiver_that_never_answers_holds_up_nobody_else(world: World) -> None:
    """However many messages wait for it."""
    world.dns.say("dead.example.com", [OTHER_PUBLIC])
    dead = await world.receiver(silence, address=OTHER_PUBLIC, tls=world.authority.server("dead.example.com"))
    await world.receiver()
    waiting = [asyncio.create_task(world.send("https://dead.example.com/")) for _ in range(2 * MAX_CONNECTIONS_EACH)]
    async with asyncio.timeout(5):
        await dead.arrived.wait()
    answer = await world.send()
    assert answer.status == 200
    assert not any(task.done() for task in waiting)
    assert dead.connections <= MAX_CONNECTIONS_EACH
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_connections_that_nobody_uses_any_more_are_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next message to anybody."""
    there = await world.receiver()
    assert (await world.send()).status == 200
    world.dns.say("other.example.com", [OTHER_PUBLIC])
    await world.receiver(address=OTHER_PUBLIC, tls=world.authority.server("other.example.com"))
    assert (await world.send("https://other.example.com/")).status == 200
    assert not there.ended.is_set()
    monkeypatch.setattr("adapters.http.pinned_connections.KEEP_ALIVE_SECONDS", 0)
    assert (await world.send("https://other.example.com/")).status == 200
    async with asyncio.timeout(5):
        await there.ended.wait()


async def test_tidying_up_does_not_cut_off_a_message_under_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.http.pinned_connections.KEEP_ALIVE_SECONDS", 0)
    may_answer = asyncio.Event()

    async def in_time(writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(OK)

    slow = await world.receiver(in_time)
    sending = asyncio.create_task(world.send())
    async with asyncio.timeout(5):
        await slow.arrived.wait()
    world.dns.say("other.example.com", [OTHER_PUBLIC])
    await world.receiver(address=OTHER_PUBLIC, tls=world.authority.server("other.example.com"))
    assert (await world.send("https://other.example.com/")).status == 200
    may_answer.set()
    assert (await sending).status == 200


async def test_a_cut_off_caller_leaves_no_connection_behind(world: World) -> None:
    there = await world.receiver(silence)
    sending = asyncio.create_task(world.send())
    async with asyncio.timeout(5):
        await there.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    there.answering = closing
    assert (await world.send()).error is DeliveryError.PROTOCOL_ERROR
    assert there.connections == 2


# ── On one's own machine ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_development_calls_this_machine_and_only_by_its_names(host: str) -> None:
    """By real sockets, with nothing of the network replaced."""
    dns = Dns(inside_example_com="127.0.0.1")
    sender = HttpWebhookSender(AddressGuard(dns, development_loopback=True))
    async with receiver(OK) as there:
        answer = await sender.send(f"http://{host}:{there.port}/hook", HEADERS, BODY, timeout_seconds=5)
        assert (answer.status, answer.error) == (200, None)
        assert there.requests[0].headers["host"] == f"{host}:{there.port}"
        answer = await sender.send("https://inside.example.com/", HEADERS, BODY, timeout_seconds=5)
        assert answer.error is DeliveryError.REFUSED_ADDRESS
        assert there.connections == 1
    await sender.aclose()


async def test_production_does_not_call_this_machine() -> None:
    sender = HttpWebhookSender(AddressGuard(Dns()))
    async with receiver(OK) as there:
        answer = await sender.send(f"http://127.0.0.1:{there.port}/", HEADERS, BODY, timeout_seconds=5)
        assert answer.error is DeliveryError.REFUSED_URL
        assert there.connections == 0
    await sender.aclose()
