"""Signatures as Standard Webhooks 1.0.0 wants them, beside the reference library."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from builders import NOON
from core.domain.webhook_secrets import SigningKey, WebhookSecret, rotate
from core.domain.webhook_signatures import (
    MAX_SIGNATURES,
    NotVerifiedReason,
    VerifiedWebhook,
    WebhookNotVerified,
    signed_headers,
    verify,
)

NOW = datetime.now(UTC)
"""The reference library reads the clock itself."""
BODY = '{"type":"transfer.posted","data":{"note":"zażółć"}}'.encode()
KEY, OTHER_KEY = SigningKey(bytes(range(32))), SigningKey(bytes(range(1, 33)))
HEADERS = signed_headers("evt_1", sent_at=NOW, body=BODY, keys=[KEY])


def reason(headers: dict[str, str], body: bytes = BODY, *, key: SigningKey = KEY, now: datetime = NOW) -> str:
    """Why it is turned away."""
    with pytest.raises(WebhookNotVerified) as refusal:
        verify(headers, body, [key], now=now)
    return refusal.value.reason


def theirs(key: SigningKey) -> Webhook:
    """The reference library with that secret."""
    return Webhook(key.reveal())


def test_a_signature_is_pinned() -> None:
    """The example of the specification's own libraries."""
    key = SigningKey.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent_at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
        keys=[key],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_the_reference_library_takes_our_signatures() -> None:
    theirs(KEY).verify(BODY, HEADERS)
    with pytest.raises(WebhookVerificationError):
        theirs(OTHER_KEY).verify(BODY, HEADERS)
    with pytest.raises(WebhookVerificationError):
        theirs(KEY).verify(BODY + b" ", HEADERS)


def test_we_take_the_reference_librarys_signatures() -> None:
    signature = theirs(KEY).sign("msg_1", NOW, BODY.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(int(NOW.timestamp())), "Webhook-Signature": signature}
    verified = verify(headers, BODY, [KEY], now=NOW)
    assert verified == VerifiedWebhook("msg_1", NOW.replace(microsecond=0))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_both_turn_away_what_is_too_old_or_comes_from_the_future(minutes: int) -> None:
    headers = signed_headers("evt_1", sent_at=NOW + timedelta(minutes=minutes), body=BODY, keys=[KEY])
    with pytest.raises(WebhookVerificationError, match="too old" if minutes < 0 else "too new"):
        theirs(KEY).verify(BODY, headers)
    assert reason(headers) == ("too_old" if minutes < 0 else "too_new")


def test_five_minutes_are_allowed_on_both_sides_and_not_a_second_more() -> None:
    headers = signed_headers("evt_1", sent_at=NOON, body=BODY, keys=[KEY])
    for minutes in (-5, 5):
        assert verify(headers, BODY, [KEY], now=NOON + timedelta(minutes=minutes)).sent_at == NOON
    assert reason(headers, now=NOON + timedelta(minutes=5, seconds=1)) == "too_old"
    assert reason(headers, now=NOON - timedelta(minutes=5, seconds=1)) == "too_new"


def test_while_a_rotation_lasts_receivers_with_either_secret_take_the_message() -> None:
    keys = [secret.value for secret in rotate((WebhookSecret(KEY),), OTHER_KEY, now=NOW)]
    headers = signed_headers("evt_1", sent_at=NOW, body=BODY, keys=keys)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for key in (KEY, OTHER_KEY):
        theirs(key).verify(BODY, headers)
        verify(headers, BODY, [key], now=NOW)
    assert reason(headers, key=SigningKey(bytes(32))) == "no_matching_signature"


def test_each_attempt_has_its_own_moment_and_signature_and_the_same_id() -> None:
    later = signed_headers("evt_1", sent_at=NOW + timedelta(seconds=5), body=BODY, keys=[KEY])
    assert later["webhook-id"] == HEADERS["webhook-id"]
    assert later["webhook-timestamp"] != HEADERS["webhook-timestamp"]
    assert later["webhook-signature"] != HEADERS["webhook-signature"]
    assert reason(HEADERS | {"webhook-timestamp": later["webhook-timestamp"]}) == "no_matching_signature"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"webhook-id": ""}, NotVerifiedReason.MISSING_HEADER),
        ({"webhook-timestamp": ""}, NotVerifiedReason.MISSING_HEADER),
        ({"webhook-signature": ""}, NotVerifiedReason.MISSING_HEADER),
        ({"webhook-id": "evt.1"}, NotVerifiedReason.MALFORMED_ID),
        ({"webhook-id": "evt 1"}, NotVerifiedReason.MALFORMED_ID),
        ({"webhook-id": "evt_2"}, NotVerifiedReason.NO_MATCHING_SIGNATURE),
        ({"webhook-timestamp": "yesterday"}, NotVerifiedReason.MALFORMED_TIMESTAMP),
        ({"webhook-timestamp": "1.5"}, NotVerifiedReason.MALFORMED_TIMESTAMP),
        ({"webhook-timestamp": "-1"}, NotVerifiedReason.MALFORMED_TIMESTAMP),
        ({"webhook-timestamp": "9" * 12}, NotVerifiedReason.MALFORMED_TIMESTAMP),
        ({"webhook-timestamp": "٣"}, NotVerifiedReason.MALFORMED_TIMESTAMP),
        ({"webhook-timestamp": "0"}, NotVerifiedReason.TOO_OLD),
        ({"webhook-timestamp": "9" * 11}, NotVerifiedReason.TOO_NEW),
        ({"webhook-signature": "v1"}, NotVerifiedReason.NO_MATCHING_SIGNATURE),
        ({"webhook-signature": "v1,"}, NotVerifiedReason.NO_MATCHING_SIGNATURE),
        ({"webhook-signature": "v1,\udcff"}, NotVerifiedReason.NO_MATCHING_SIGNATURE),
        ({"webhook-signature": HEADERS["webhook-signature"].lower()}, NotVerifiedReason.NO_MATCHING_SIGNATURE),
        ({"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v2,")}, "no_matching_signature"),
        ({"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")}, "no_matching_signature"),
    ],
)
def test_each_tampering_is_turned_away_for_its_reason(change: dict[str, str], why: str) -> None:
    assert reason(HEADERS | change) == why


def test_a_changed_body_is_turned_away() -> None:
    for body in (b"", BODY[:-1], BODY + b"\n", BODY.replace(b"posted", b"Posted")):
        assert reason(HEADERS, body) == "no_matching_signature"


def test_signatures_of_unknown_versions_are_passed_over() -> None:
    headers = HEADERS | {"webhook-signature": f"v1a,xyz v7 , v1,wrong {HEADERS['webhook-signature']} v0,"}
    assert verify(headers, BODY, [KEY], now=NOW).id == "evt_1"


def test_a_receiver_looks_at_twenty_signatures_and_no_more() -> None:
    for others, taken in ((MAX_SIGNATURES - 1, True), (MAX_SIGNATURES, False)):
        headers = HEADERS | {"webhook-signature": "v1,wrong " * others + HEADERS["webhook-signature"]}
        if taken:
            verify(headers, BODY, [KEY], now=NOW)
        else:
            assert reason(headers) == "no_matching_signature"


@pytest.mark.parametrize("message_id", ["", "evt.1", "evt 1", "evt\n1", "e" * 256, "ę"])
def test_an_id_that_would_blur_what_is_signed_is_not_sent(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        signed_headers(message_id, sent_at=NOON, body=BODY, keys=[KEY])


def test_nothing_goes_out_unsigned() -> None:
    with pytest.raises(ValueError, match="one key"):
        signed_headers("evt_1", sent_at=NOON, body=BODY, keys=[])
