"""Laws of webhooks: filters, schedule, signatures, and URLs of any kind."""

import re
import socket
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from adapters.http.address_guard import AddressGuard, AddressRefused
from adapters.http.destinations import PORTS, DestinationRefused, parse_destination
from builders import NOON
from contract.webhook_receivers import Dns
from core.domain.webhook_answers import MAX_EXCERPT_BYTES, DeliveryAnswer, DeliveryError, excerpt_of
from core.domain.webhook_filters import MAX_FILTERS, EventFilter, InvalidEventFilter, parse_filters
from core.domain.webhook_schedule import (
    DELAYS_SECONDS,
    MAX_ATTEMPTS,
    Delivered,
    DisableEndpoint,
    Exhausted,
    RetryIn,
    Unsendable,
    after_attempt,
    retry_after_seconds,
)
from core.domain.webhook_secrets import (
    InvalidWebhookSecret,
    SigningKey,
    WebhookSecret,
    WebhookSecretRotating,
    live_secrets,
    rotate,
)
from core.domain.webhook_signatures import NotVerifiedReason, WebhookNotVerified, signed_headers, verify
from strategies import LAW

DAY = 86_400
SHAPE = re.compile(r"(?=.{1,100}\Z)(?:\*|(?:[a-zA-Z0-9_]+\.)*(?:[a-zA-Z0-9_]+|(?<=\.)\*))")
NAMES = st.lists(st.text("abYZ09_", min_size=1, max_size=8), min_size=1, max_size=4).map(".".join)
FRACTIONS = st.floats(0, 1)
KEYS = st.builds(SigningKey, st.binary(min_size=24, max_size=64))
MESSAGE_IDS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="."), min_size=1, max_size=80
)
TEXT_BODIES = st.text(st.characters(exclude_categories=["Cs"])).map(str.encode)
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its zone follows
ANSWERS = st.builds(
    DeliveryAnswer,
    status=st.none() | st.integers(100, 599),
    error=st.sampled_from(DeliveryError),
    duration_ms=st.integers(0, 20_000),
    retry_after=st.none() | st.text(max_size=40) | st.integers(-10, 10**12).map(str),
)

# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@LAW
@given(NAMES, NAMES)
def test_a_prefix_lets_through_what_lies_below_it_and_nothing_beside(prefix: str, event_type: str) -> None:
    below = EventFilter(f"{prefix}.*")
    assert below.matches(f"{prefix}.{event_type}")
    assert not below.matches(prefix)
    assert not below.matches(f"{prefix}x.{event_type}")
    assert below.matches(event_type) == (event_type.split(".")[: prefix.count(".") + 1] == prefix.split(".")) or (
        event_type == prefix
    )


@LAW
@given(NAMES, NAMES)
def test_a_name_lets_through_itself_alone(name: str, event_type: str) -> None:
    assert EventFilter(name).matches(event_type) == (name == event_type)
    assert EventFilter("*").matches(event_type)


@LAW
@given(st.lists(st.text(max_size=20) | NAMES | NAMES.map("{}.*".format), max_size=60))
def test_any_list_is_filters_or_refused_by_its_place(patterns: list[str]) -> None:
    fitting = 0 < len(set(patterns)) == len(patterns) <= MAX_FILTERS and all(map(SHAPE.fullmatch, patterns))
    if fitting:
        assert [one.pattern for one in parse_filters(patterns)] == patterns
        return
    with pytest.raises(InvalidEventFilter) as refusal:
        parse_filters(patterns)
    assert (refusal.value.pointer or "").startswith("#/event_types")


# ── Schedule ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@LAW
@given(st.integers(1, MAX_ATTEMPTS), ANSWERS, FRACTIONS)
def test_every_answer_has_one_consequence_within_bounds(attempt: int, answer: DeliveryAnswer, fraction: float) -> None:
    verdict = after_attempt(attempt, answer, now=NOON, fraction=fraction)
    status = answer.status
    assert isinstance(verdict, Delivered) == (status is not None and status // 100 == 2)
    assert isinstance(verdict, DisableEndpoint) == (status == 410)
    if isinstance(verdict, RetryIn):
        assert attempt < MAX_ATTEMPTS
        scheduled = DELAYS_SECONDS[attempt]
        asked = retry_after_seconds(answer.retry_after, now=NOON) or 0
        assert 0.8 * scheduled - 1e-9 <= verdict.seconds <= max(1.2 * scheduled, asked, 60) + 1e-9
        assert verdict.seconds >= max(asked, verdict.pause_seconds)
        assert (verdict.pause_seconds > 0) == (status in {429, 502, 504})
    elif isinstance(verdict, Exhausted):
        assert attempt == MAX_ATTEMPTS
    elif isinstance(verdict, Unsendable):
        assert answer.error is DeliveryError.UNREADABLE_EVENT


@LAW
@given(
    st.text(max_size=60)
    | st.from_regex(r"(Mon|Xyz), [0-9]{1,3} (Jan|Feb|Xyz) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2}( GMT| [+-][0-9]{1,6})?")
)
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("1 1 1 1:1:1 +99999999")
def test_any_retry_after_is_at_most_a_day_or_ignored(text: str) -> None:
    seconds = retry_after_seconds(text, now=NOON)
    assert seconds is None or 0 <= seconds <= DAY


# ── Secrets and signatures ───────────────────────────────────────────────────────────────────────────────────────────


@LAW
@given(st.text() | KEYS.map(SigningKey.reveal) | st.binary(max_size=80).map(lambda key: f"whsec_{key.hex()}"))
def test_any_text_is_a_secret_or_refused(text: str) -> None:
    try:
        key = SigningKey.parse(text)
    except InvalidWebhookSecret:
        return
    assert key.reveal() == text
    assert b64decode(text.removeprefix("whsec_")) == key.key


@LAW
@given(st.lists(st.tuples(KEYS, st.integers(0, 30 * 3600), st.booleans()), min_size=1, max_size=8))
def test_however_often_it_is_rotated_one_or_two_secrets_are_live_and_the_newest_signs(
    rotations: list[tuple[SigningKey, int, bool]],
) -> None:
    first = SigningKey(b"the very first one of them all.!")
    assume(all(key != first for key, _, _ in rotations))
    secrets: tuple[WebhookSecret, ...] = (WebhookSecret(first),)
    now, newest = NOON, first
    for key, seconds, at_once in rotations:
        now += timedelta(seconds=seconds)
        with suppress(InvalidWebhookSecret, WebhookSecretRotating):
            secrets = rotate(secrets, key, now=now, overlap=timedelta(0) if at_once else timedelta(hours=24))
            newest = key
        live = live_secrets(secrets, now=now)
        assert 1 <= len(live) <= 2
        assert live[0].value == newest
        assert live[0].expires_at is None


@LAW
@given(MESSAGE_IDS, TEXT_BODIES, st.lists(KEYS, min_size=1, max_size=2, unique=True))
def test_the_reference_library_takes_every_signature_of_ours(
    message_id: str, body: bytes, keys: list[SigningKey]
) -> None:
    headers = signed_headers(message_id, sent_at=datetime.now(UTC), body=body, keys=keys)
    for key in keys:
        Webhook(key.reveal()).verify(body, headers, json_parse=False)


@LAW
@given(MESSAGE_IDS, MOMENTS, TEXT_BODIES, KEYS)
def test_we_take_every_signature_of_the_reference_library(
    message_id: str, sent_at: datetime, body: bytes, key: SigningKey
) -> None:
    signature = Webhook(key.reveal()).sign(message_id, sent_at, body.decode())
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": signature,
    }
    assert verify(headers, body, [key], now=sent_at).id == message_id


@LAW
@given(MESSAGE_IDS, st.binary(max_size=200), KEYS, st.data())
def test_no_change_of_a_message_goes_unnoticed(
    message_id: str, body: bytes, key: SigningKey, data: st.DataObject
) -> None:
    headers = signed_headers(message_id, sent_at=NOON, body=body, keys=[key])
    other_body, other_id, other_key = data.draw(st.binary(max_size=200)), data.draw(MESSAGE_IDS), data.draw(KEYS)
    assume((other_body, other_id, other_key) != (body, message_id, key))
    with pytest.raises(WebhookNotVerified) as refusal:
        verify(headers | {"webhook-id": other_id}, other_body, [other_key], now=NOON)
    assert refusal.value.reason is NotVerifiedReason.NO_MATCHING_SIGNATURE


@LAW
@given(
    st.dictionaries(st.sampled_from(["webhook-id", "Webhook-Timestamp", "webhook-signature", "x"]), st.text()),
    st.binary(),
)
def test_whatever_headers_say_is_verified_or_turned_away_for_a_reason(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(WebhookNotVerified):
        verify(headers, body, [SigningKey(bytes(32))], now=NOON)


@LAW
@given(st.binary(max_size=3000))
def test_any_body_gives_a_harmless_excerpt(body: bytes) -> None:
    excerpt = excerpt_of(body)
    assert len(excerpt.encode()) <= MAX_EXCERPT_BYTES
    assert all(one.isprintable() or one in "\n\t" for one in excerpt)


# ── URLs and addresses ───────────────────────────────────────────────────────────────────────────────────────────────

_PIECES = [
    *(
        "https://",
        "HTTPS://",
        "http://",
        "//",
        "/",
        "\\",
        ":",
        "@",
        "#",
        "?",
        "%",
        "%2e",
        "[",
        "]",
        "::1",
        ".",
        "。",
        "-",
    ),
    *(
        "127",
        "0x7f",
        "017",
        "1",
        "2130706433",
        "a",
        "example",
        "com",
        "localhost",
        "xn--",
        "ü",
        "①",
        "443",
        "8443",
        "80",
    ),
    *(" ", "\t", "\n", "\x00", "\u00ad", "\u200d", "é", "_", "*", "|", ";", "&", "="),
]
URLS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(_PIECES), max_size=14).map("".join),
    st.lists(st.sampled_from(_PIECES) | st.characters(), max_size=10).map(lambda rest: "https://" + "".join(rest)),
    st.text(st.characters(exclude_characters="/?#@:[]\\%")).map("https://{}.example/".format),
    st.text(st.characters(exclude_characters="/?#@:[]\\%")).map("https://example.{}/".format),
)


def is_an_address(host: str) -> bool:
    """As the C library reads it: short, octal, hexadecimal and all."""
    for read in (socket.inet_aton, ip_address):
        with suppress(OSError, ValueError):
            read(host)
            return True
    return False


@LAW
@given(URLS)
@example("https://a.example:443/")
@example("https://\udcff.example/")
@example("https://exa\u2100mple.com/")
def test_any_text_is_refused_or_a_destination_all_parsers_agree_on(url: str) -> None:
    try:
        destination = parse_destination(url, development_loopback=False)
    except DestinationRefused:
        return
    assert destination.scheme == "https"
    assert destination.port in PORTS
    assert destination.host.isascii()
    assert "." in destination.host
    assert not is_an_address(destination.host)
    assert destination.target.startswith("/")
    assert destination.target.isascii()
    split, theirs = urlsplit(url), httpx.URL(f"https://{destination.host}:{destination.port}{destination.target}")
    assert (split.port or 443) == destination.port
    assert split.username is None
    assert (theirs.raw_host.decode(), theirs.port or 443) == (destination.host, destination.port)
    again = f"https://{destination.host}:{destination.port}{destination.target}"
    assert parse_destination(again, development_loopback=False) == destination


async def is_called(address: IPv4Address | IPv6Address) -> bool:
    """Whether the guard lets a name lead there."""
    dns = Dns()
    dns.say("hooks.example.com", [str(address)])
    try:
        await AddressGuard(dns).approve("https://hooks.example.com/")
    except AddressRefused:
        return False
    return True


_INSIDE = st.one_of(
    *(
        st.ip_addresses(v=4, network=network)
        for network in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/8")
    ),
    *(st.ip_addresses(v=4, network=network) for network in ("100.64.0.0/10", "224.0.0.0/4", "240.0.0.0/4")),
)


@LAW
@given(_INSIDE)
async def test_an_inner_address_is_refused_in_each_of_its_disguises(address: IPv4Address) -> None:
    number = int(address)
    disguises: list[IPv4Address | IPv6Address] = [
        address,
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64_FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80 | 1),
        IPv6Address(number),
    ]
    for disguise in disguises:
        assert not await is_called(disguise), disguise


@LAW
@given(st.ip_addresses())
async def test_whatever_is_called_is_global_unicast_by_pythons_own_judgement_too(
    address: IPv4Address | IPv6Address,
) -> None:
    if await is_called(address):
        assert address.is_global or getattr(address, "ipv4_mapped", None)
        assert not address.is_multicast
        assert not address.is_private or getattr(address, "ipv4_mapped", None)
