"""Keys and fingerprints, whatever clients send."""

from hypothesis import given
from hypothesis import strategies as st

from builders import TENANT
from core.domain.idempotency import fingerprint, internal_claim
from entrypoints.http.idempotency import parse_key
from entrypoints.http.problems import MalformedRequest
from strategies import IDEMPOTENCY_KEYS, LAW

HEADERS = st.one_of(
    IDEMPOTENCY_KEYS, IDEMPOTENCY_KEYS.map(lambda key: f'"{key}"'), st.text(), st.text().map(lambda key: f'"{key}"')
)
METHODS = st.sampled_from(["POST", "PUT", "PATCH", "DELETE"])
PATHS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20).map(lambda path: f"/{path}")
REQUESTS = st.tuples(METHODS, PATHS, st.binary(max_size=20))


@LAW
@given(IDEMPOTENCY_KEYS.filter(lambda key: not key.startswith('"')))
def test_a_key_is_the_same_bare_and_quoted(key: str) -> None:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_key(key) == parse_key(f'"{escaped}"') == key


@LAW
@given(HEADERS)
def test_any_header_is_a_key_of_1_to_255_visible_characters_or_refused(header: str) -> None:
    try:
        key = parse_key(header)
    except MalformedRequest:
        return
    assert 1 <= len(key) <= 255
    assert all("!" <= letter <= "~" for letter in key)


@LAW
@given(st.text())
def test_no_client_can_send_the_key_of_a_claim_of_our_own(cause: str) -> None:
    key = internal_claim(TENANT, cause).key
    for header in (key, f'"{key}"'):
        try:
            parsed = parse_key(header)
        except MalformedRequest:
            continue
        assert parsed != key


@LAW
@given(REQUESTS, REQUESTS)
def test_two_requests_have_one_fingerprint_only_if_they_are_one(
    one: tuple[str, str, bytes], other: tuple[str, str, bytes]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) is (one == other)
