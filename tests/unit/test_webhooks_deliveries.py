"""Deliveries: when a message is sent again, what each answer means, and what has ended stays ended."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from builders import NOON, TENANT
from core.domain.identifiers import WebhookDeliveryId, WebhookEndpointId
from core.domain.webhook_answers import DeliveryAnswer, DeliveryError, excerpt_of
from core.domain.webhook_deliveries import (
    DeliveryStatus,
    WebhookDelivery,
    WebhookDeliveryEnded,
    WebhookDeliveryPending,
)
from core.domain.webhook_messages import MAX_BODY_BYTES, WebhookMessageTooLarge, message_body
from core.domain.webhook_schedule import (
    MAX_ATTEMPTS,
    Delivered,
    DisableEndpoint,
    Exhausted,
    RetryIn,
    Verdict,
    after_attempt,
    delay_before,
    retry_after_seconds,
)

DAY_SECONDS = 86_400
DELIVERY = WebhookDelivery(
    tenant_id=TENANT,
    id=WebhookDeliveryId(UUID("01980000-0000-7000-8000-0000000de117")),
    endpoint_id=WebhookEndpointId(UUID("01980000-0000-7000-8000-00000000e4d0")),
    message_id="evt_1",
    event_type="transfer.posted",
    created_at=NOON,
    next_attempt_at=NOON,
)


def answered(status: int | None, *, retry_after: str | None = None) -> DeliveryAnswer:
    """An answer with that status, or none at all."""
    error = DeliveryError.TIMEOUT if status is None else None
    return DeliveryAnswer(status=status, error=error, duration_ms=12, retry_after=retry_after)


def after(attempt: int, status: int | None, *, retry_after: str | None = None) -> Verdict:
    """What follows, without jitter."""
    return after_attempt(attempt, answered(status, retry_after=retry_after), now=NOON, fraction=0.5)


# ── The schedule ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ten_attempts_lie_on_the_schedule_of_the_standard() -> None:
    minute, hour = 60, 3600
    delays = [delay_before(attempt, fraction=0.5) for attempt in range(1, 11)]
    assert delays == [0, 5, 5 * minute, 30 * minute, *(hours * hour for hours in (2, 5, 10, 14, 20, 24))]
    assert timedelta(seconds=sum(delays)) == timedelta(hours=75, minutes=35, seconds=5)


def test_jitter_takes_or_gives_a_fifth() -> None:
    assert [delay_before(2, fraction=fraction) for fraction in (0, 0.5, 1)] == pytest.approx([4, 5, 6])
    assert [delay_before(1, fraction=fraction) for fraction in (0, 1)] == [0, 0]


@pytest.mark.parametrize("attempt", [0, -1, 11])
def test_there_is_no_other_attempt(attempt: int) -> None:
    with pytest.raises(ValueError, match="attempts count"):
        delay_before(attempt, fraction=0.5)
    with pytest.raises(ValueError, match="attempts count"):
        after(attempt, 200)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_is_a_fraction(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction"):
        delay_before(1, fraction=fraction)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_only_2xx_is_success(status: int) -> None:
    assert after(1, status) == Delivered()
    assert after(MAX_ATTEMPTS, status) == Delivered()


@pytest.mark.parametrize(
    "status", [None, 100, 101, 199, 300, 301, 302, 307, 308, 400, 401, 404, 422, 500, 501, 503, 599]
)
def test_everything_else_is_tried_again_and_in_the_end_given_up(status: int | None) -> None:
    assert after(1, status) == RetryIn(5)
    assert after(MAX_ATTEMPTS - 1, status) == RetryIn(DAY_SECONDS)
    assert after(MAX_ATTEMPTS, status) == Exhausted()


@pytest.mark.parametrize("attempt", [1, MAX_ATTEMPTS])
def test_410_disables_the_endpoint(attempt: int) -> None:
    assert after(attempt, 410) == DisableEndpoint()


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_endpoint_that_asks_for_less_gets_a_pause(status: int) -> None:
    assert after(1, status) == RetryIn(60, pause_seconds=60)
    assert after(1, status, retry_after="90") == RetryIn(90, pause_seconds=90)
    assert after(4, status) == RetryIn(7200, pause_seconds=60)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("9999999999", DAY_SECONDS),
        ("Mon, 02 Nov 2026 12:01:30 GMT", 90),
        ("Monday, 02-Nov-26 12:01:30 GMT", 90),
        ("Mon Nov  2 12:01:30 2026", 90),
        ("Mon, 02 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("99999999999", None),
        ("Mon, 99 Nov 2026 12:00:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date_and_capped_at_a_day(
    text: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(text, now=NOON) == seconds


def test_retry_after_puts_off_and_never_brings_forward() -> None:
    assert after(1, 503, retry_after="3600") == RetryIn(3600)
    assert after(5, 503, retry_after="1") == RetryIn(5 * 3600)
    assert after(MAX_ATTEMPTS, 503, retry_after="1") == Exhausted()


# ── One delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_that_is_taken_has_succeeded() -> None:
    taken, verdict = DELIVERY.record(answered(204), now=NOON, fraction=0.5)
    assert verdict == Delivered()
    assert (taken.status, taken.attempts, taken.next_attempt_at) == (DeliveryStatus.SUCCEEDED, 1, None)
    assert taken.ended_at == NOON


def test_a_delivery_nobody_takes_fails_after_ten_attempts_and_three_days() -> None:
    delivery, now = DELIVERY, NOON
    while delivery.next_attempt_at is not None:
        now = delivery.next_attempt_at
        delivery, _ = delivery.record(answered(500), now=now, fraction=0.5)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 10)
    assert now - NOON == timedelta(hours=75, minutes=35, seconds=5)


def test_a_gone_endpoint_cancels_the_delivery() -> None:
    canceled, verdict = DELIVERY.record(answered(410), now=NOON, fraction=0.5)
    assert (canceled.status, verdict) == (DeliveryStatus.CANCELED, DisableEndpoint())


def test_what_was_canceled_stays_canceled_when_canceled_again() -> None:
    canceled = DELIVERY.cancel(now=NOON)
    assert (canceled.status, canceled.next_attempt_at) == (DeliveryStatus.CANCELED, None)
    assert canceled.cancel(now=NOON + timedelta(hours=1)) is canceled


@pytest.mark.parametrize("status", [DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.CANCELED])
def test_an_ended_delivery_takes_no_late_answer_and_comes_back_by_redelivery_alone(status: DeliveryStatus) -> None:
    ended = replace(DELIVERY, status=status, attempts=10, next_attempt_at=None, ended_at=NOON)
    with pytest.raises(WebhookDeliveryEnded):
        ended.record(answered(200), now=NOON, fraction=0.5)
    later = NOON + timedelta(days=9)
    assert ended.redeliver(now=later) == replace(DELIVERY, next_attempt_at=later)


@pytest.mark.parametrize("status", [DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED])
def test_what_was_taken_or_exhausted_is_not_canceled(status: DeliveryStatus) -> None:
    with pytest.raises(WebhookDeliveryEnded):
        replace(DELIVERY, status=status).cancel(now=NOON)


def test_a_delivery_under_way_is_not_sent_twice() -> None:
    with pytest.raises(WebhookDeliveryPending):
        DELIVERY.redeliver(now=NOON)


def test_an_attempt_without_any_outcome_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="a status or with an error"):
        DeliveryAnswer(status=None, duration_ms=1)


@pytest.mark.parametrize("body", [b"\xff" * 5000, "ż".encode() * 5000, b"\0" * 5000, b"x" + "😀".encode() * 2000, b""])
def test_an_excerpt_is_text_of_at_most_1_kb(body: bytes) -> None:
    assert len(excerpt_of(body).encode()) <= 1024


# ── The message ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_says_what_happened_and_when() -> None:
    body = message_body("transfer.posted", occurred_at=NOON, data={"id": "1", "note": "ż"})
    assert body == '{"type":"transfer.posted","timestamp":"2026-11-02T12:00:00Z","data":{"id":"1","note":"ż"}}'.encode()
    assert json.loads(body)["data"]["note"] == "ż"


@pytest.mark.parametrize("event_type", ["", "transfer-posted", "transfer.", ".x", "a b", "a..b", "x" * 101, "ą"])
def test_a_message_of_no_proper_type_is_a_mistake(event_type: str) -> None:
    with pytest.raises(ValueError, match="not an event type"):
        message_body(event_type, occurred_at=NOON, data={})


def test_a_message_stays_below_20_kb() -> None:
    empty = len(message_body("a", occurred_at=NOON, data={"x": ""}))
    room = MAX_BODY_BYTES - empty
    assert len(message_body("a", occurred_at=NOON, data={"x": "x" * (room - 1)})) == MAX_BODY_BYTES - 1
    with pytest.raises(WebhookMessageTooLarge):
        message_body("a", occurred_at=NOON, data={"x": "x" * room})
    with pytest.raises(WebhookMessageTooLarge):
        message_body("a", occurred_at=NOON, data={"x": "ż" * 10_000})


@pytest.mark.parametrize("data", [{"x": float("nan")}, {"x": float("inf")}])
def test_a_number_that_json_does_not_have_is_a_mistake(data: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        message_body("a", occurred_at=NOON, data=data)


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        message_body("a", occurred_at=NOON.replace(tzinfo=None), data={})
