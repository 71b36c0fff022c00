"""Which URLs are called for others, and which never: the corpus of tricks."""

import asyncio
import socket
import threading

import pytest

from adapters.http.address_guard import AddressGuard, AddressRefused
from adapters.http.destinations import Destination, DestinationRefused
from adapters.http.resolver import NameNotResolved, SystemResolver
from contract.webhook_receivers import PUBLIC, PUBLIC_V6, Dns

IP_LITERALS = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0177.0.0.01/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://127.0.0.0x1/",
    "https://example.0x/",
    "https://00000000000127.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.100.100.200/",
    "https://93.184.216.34/",
    "https://93.184.216.34:8443/",
    "https://999.999.999.999/",
    "https://1.2.3.4.5/",
    "https://127.0.0.1./",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[2606:4700:4700::1111]/",
    "https://[v1.fe80::a]/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127.0.0.\u00ad1/",
]
OTHER_SCHEMES = [
    "http://hooks.example.com/",
    "HTTP://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/_x",
    "wss://hooks.example.com/",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//hooks.example.com/",
    "https:hooks.example.com",
    "https:/hooks.example.com",
    "hooks.example.com",
    "",
]
MISLEADING = [
    "https://user@hooks.example.com/",
    "https://user:password@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://127.0.0.1@hooks.example.com/",
    "https://@hooks.example.com/",
    "https://hooks.example.com#@127.0.0.1/",
    "https://hooks.example.com/#top",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.example.com/",
    "https:\\\\hooks.example.com/",
    "https://hooks.example.com /",
    " https://hooks.example.com/",
    "https://hooks.example.com/\r\nX-Injected: 1",
    "https://hooks.exam\tple.com/",
    "https://hooks.example.com\x00.evil.example/",
    "https://hooks.example.com/\u2028",
    "https://hooks.example.com%2f@127.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://hooks%2eexample.com/",
    "https:///hooks.example.com/",
    "https://:443/",
    "https://?x=1",
    "https://hooks.example.com/zażółć",
]
NO_FULL_NAME = [
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://postgres/",
    "https://metadata/",
    "https://hooks.example.com./",
    "https://.example.com/",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://hooks-.example.com/",
    "https://hooks_1.example.com/",
    "https://*.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    "https://xn--.example/\u200d",
    "https://\u200d.example/",
    "https://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
]
OTHER_PORTS = [
    "https://hooks.example.com:22/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:5432/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:443443/",
    "https://hooks.example.com:-443/",
    "https://hooks.example.com:+443/",
    "https://hooks.example.com:443:443/",
    "https://hooks.example.com:4\uff143/",
    "https://hooks.example.com:https/",
]
REFUSED = [*IP_LITERALS, *OTHER_SCHEMES, *MISLEADING, *NO_FULL_NAME, *OTHER_PORTS]
THIS_MACHINE = ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://LOCALHOST/"]
GOOD = {
    "https://hooks.example.com": ("hooks.example.com", 443, "/"),
    "HTTPS://Hooks.EXAMPLE.com/Path": ("hooks.example.com", 443, "/Path"),
    "https://hooks.example.com:443/": ("hooks.example.com", 443, "/"),
    "https://hooks.example.com:8443/a/b?c=d&e=%20": ("hooks.example.com", 8443, "/a/b?c=d&e=%20"),
    "https://hooks.example.com?x=1": ("hooks.example.com", 443, "/?x=1"),
    "https://hooks.example.com/?next=https://10.0.0.1/@b:1": (
        "hooks.example.com",
        443,
        "/?next=https://10.0.0.1/@b:1",
    ),
    "https://a.b-c.1x.example/%7Eshop": ("a.b-c.1x.example", 443, "/%7Eshop"),
    "https://127.0.0.1.example.com/": ("127.0.0.1.example.com", 443, "/"),
    "https://bücher.example/": ("xn--bcher-kva.example", 443, "/"),
    "https://BÜCHER.example/": ("xn--bcher-kva.example", 443, "/"),
    "https://faß.example/": ("xn--fa-hia.example", 443, "/"),
    "https://例え。テスト/": ("xn--r8jz45g.xn--zckzah", 443, "/"),
    "https://xn--bcher-kva.example/": ("xn--bcher-kva.example", 443, "/"),
}
NOT_PUBLIC = [
    # this network, private, shared, loopback, link-local with the metadata services
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8"),
    *("169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.1", "192.0.0.170"),
    # documentation, 6to4 relays, benchmarks, multicast, reserved, broadcast
    *("192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
    # IPv6: unspecified, loopback, IPv4 in its four disguises, and what is not for the public
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:1::", "2001::1"),
    *("100::1", "2001:db8::1", "2001:10::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1"),
    *("fec0::1", "ff02::1", "ff0e::1", "5f00::1", "3fff::1", "::ffff:0:127.0.0.1", "2606:4700:4700::1111%1"),
    # not even addresses
    *("", "localhost", "0177.0.0.1", "127.1", "2130706433"),
]
PUBLIC_ADDRESSES = [
    *(PUBLIC, "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1"),
    *(
        "223.255.255.255",
        PUBLIC_V6,
        "2a00:1450:4001:81b::200e",
        "::ffff:808:808",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ),
]
HOST = "hooks.example.com"


def guard_where_it_leads_to(*addresses: str, **options: object) -> AddressGuard:
    """A guard whose DNS knows the host alone."""
    dns = Dns()
    dns.say(HOST, addresses)
    return AddressGuard(dns, **options)  # type: ignore[arg-type]  # any option


def test_the_corpus_is_large_enough() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 100


@pytest.mark.parametrize("url", REFUSED)
async def test_a_url_that_leads_astray_is_refused_before_any_look_up(url: str) -> None:
    dns = Dns()
    with pytest.raises(DestinationRefused):
        await AddressGuard(dns).approve(url)
    assert dns.asked == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://hooks.example.com/", "the scheme must be https"),
        ("https://user@hooks.example.com/", "no user name or password"),
        ("https://hooks.example.com/#top", "a fragment"),
        ("https://hooks.example.com:80/", "the port must be one of 443, 8443"),
        ("https://127.1/", "an IP address is not called"),
        ("https://[::1]/", "an IP address is not called"),
        ("https://metadata/", "a full DNS name"),
        ("https://a_b.example.com/", "the host is not a DNS name"),
        ("https://\u200d.example/", "internationalised"),
        ("https://hooks.example.com /", "no spaces"),
        ("https://hooks.example.com/ż", "percent-encoded"),
        ("hooks.example.com", "begins with https://"),
        ("https://hooks.example.com/" + "a" * 2048, "at most 2048 characters"),
    ],
)
async def test_a_refusal_names_the_rule(url: str, rule: str) -> None:
    with pytest.raises(DestinationRefused, match=rule):
        await AddressGuard(Dns()).approve(url)


@pytest.mark.parametrize("url", sorted(set(REFUSED) - set(THIS_MACHINE)))
async def test_development_opens_nothing_but_loopback(url: str) -> None:
    with pytest.raises(DestinationRefused):
        await AddressGuard(Dns(), development_loopback=True).approve(url)


@pytest.mark.parametrize(("url", "parts"), GOOD.items())
async def test_an_ordinary_url_is_called_at_the_address_of_its_name(url: str, parts: tuple[str, int, str]) -> None:
    host, port, target = parts
    dns = Dns()
    dns.say(host, [PUBLIC])
    approved = await AddressGuard(dns).approve(url)
    assert approved.destination == Destination("https", host, port, target)
    assert approved.addresses == (PUBLIC,)
    assert dns.asked == [host]


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        await guard_where_it_leads_to(address).approve(f"https://{HOST}/")
    with pytest.raises(AddressRefused):
        await guard_where_it_leads_to(PUBLIC, address, PUBLIC_V6).approve(f"https://{HOST}/")


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
async def test_a_name_that_leads_to_the_public_is_called(address: str) -> None:
    assert (await guard_where_it_leads_to(address).approve(f"https://{HOST}/")).addresses == (address,)


@pytest.mark.parametrize(
    "address", ["20.1.2.3", "::ffff:20.1.2.3", "64:ff9b::1401:203", "2002:1401:203::1", "2a01:1::5"]
)
async def test_the_clusters_own_networks_are_refused_in_every_form(address: str) -> None:
    """Though they may be public ones."""
    guard = guard_where_it_leads_to(address, denied_networks=["20.0.0.0/8", "2a01:1::/32"])
    with pytest.raises(AddressRefused):
        await guard.approve(f"https://{HOST}/")


def test_a_network_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/40"):
        AddressGuard(Dns(), denied_networks=["10.0.0.0/40"])


async def test_a_name_without_an_address_is_no_destination() -> None:
    with pytest.raises(NameNotResolved):
        await guard_where_it_leads_to().approve(f"https://{HOST}/")


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://localhost:8000/hook", ("127.0.0.1", "::1")),
        ("http://127.0.0.1:1/", ("127.0.0.1",)),
        ("http://[::1]:9/", ("::1",)),
        ("https://LocalHost/", ("127.0.0.1", "::1")),
        ("http://localhost", ("127.0.0.1", "::1")),
    ],
)
async def test_development_calls_this_machine_by_three_names_without_a_look_up(
    url: str, addresses: tuple[str, ...]
) -> None:
    dns = Dns()
    assert (await AddressGuard(dns, development_loopback=True).approve(url)).addresses == addresses
    assert dns.asked == []
    with pytest.raises(DestinationRefused):
        await AddressGuard(dns).approve(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/", "http://10.0.0.1/", "http://hooks.example.com/", "ftp://localhost/"]
)
async def test_development_calls_nothing_else_that_production_would_not(url: str) -> None:
    with pytest.raises(DestinationRefused):
        await AddressGuard(Dns(), development_loopback=True).approve(url)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
async def test_development_does_not_open_private_networks_to_names(address: str) -> None:
    with pytest.raises(AddressRefused):
        await guard_where_it_leads_to(address, development_loopback=True).approve(f"https://{HOST}/")


async def test_callers_of_one_name_share_one_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow name server takes one thread, not one for each delivery that waits for it."""
    asked: list[str] = []
    answer = threading.Event()

    def slow(name: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append(name)
        answer.wait(5)
        return [(0, 0, 0, "", (PUBLIC, 0)), (0, 0, 0, "", (PUBLIC, 0)), (0, 0, 0, "", (PUBLIC_V6, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = SystemResolver()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolver.addresses(HOST), 0.05)
    waiting = [asyncio.create_task(resolver.addresses(HOST)) for _ in range(50)]
    await asyncio.sleep(0)
    answer.set()
    assert await asyncio.gather(*waiting) == [(PUBLIC, PUBLIC_V6)] * 50
    assert asked == [f"{HOST}."], "with the dot, so that no search domain of a cluster is tried"
    assert await resolver.addresses(HOST) == (PUBLIC, PUBLIC_V6)
    assert len(asked) == 2, "an answer is never remembered"
    await resolver.aclose()


async def test_a_name_the_system_cannot_find_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    resolver = SystemResolver()
    with pytest.raises(NameNotResolved):
        await resolver.addresses(HOST)
    await resolver.aclose()
