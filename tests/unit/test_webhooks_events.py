"""What endpoints hear of, what they are told, and how long one that fails is left alone."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from builders import NOON, TENANT
from core.domain.events import CATALOGUE, Event
from core.domain.identifiers import EventId, WebhookEndpointId
from core.domain.webhook_endpoints import MAX_REST, DisabledReason, EndpointStatus, WebhookEndpoint
from core.domain.webhook_events import ENDPOINT_TESTED, check_known, endpoint_disabled, event_message, hears_of
from core.domain.webhook_filters import InvalidEventFilter, parse_filters
from core.domain.webhook_messages import MAX_BODY_BYTES
from core.domain.webhook_schedule import DELAYS_SECONDS, JITTER
from core.domain.webhook_secrets import SigningKey, WebhookSecret

ENDPOINT_ID = WebhookEndpointId(UUID("01980000-0000-7000-8000-00000000e4d0"))
ENDPOINT = WebhookEndpoint(
    tenant_id=TENANT,
    id=ENDPOINT_ID,
    url="https://hooks.example.com/",
    event_types=parse_filters(["transfer.*"]),
    secrets=(WebhookSecret(SigningKey(bytes(32))),),
    created_at=NOON,
)
FAILING = ENDPOINT.after_failure(NOON)


def event(data: object) -> Event:
    return Event(
        tenant_id=TENANT,
        position=7,
        id=EventId(UUID("01980000-0000-7000-8000-0000000000e7")),
        type="transfer.posted",
        subject=uuid4(),
        trace_id="0" * 32,
        occurred_at=NOON,
        data=json.dumps(data, indent=2).encode(),
    )


def test_a_test_is_heard_by_its_subject_whatever_that_asked_for_and_by_nobody_else() -> None:
    for patterns in (["order.failed"], ["*"], [ENDPOINT_TESTED]):
        filters = parse_filters(patterns)
        assert hears_of(ENDPOINT_ID, filters, event_type=ENDPOINT_TESTED, subject=ENDPOINT_ID)
        assert not hears_of(ENDPOINT_ID, filters, event_type=ENDPOINT_TESTED, subject=uuid4())


def test_anything_else_is_heard_by_filters() -> None:
    filters = parse_filters(["transfer.*"])
    assert hears_of(ENDPOINT_ID, filters, event_type="transfer.posted", subject=uuid4())
    assert not hears_of(ENDPOINT_ID, filters, event_type="order.placed", subject=ENDPOINT_ID)


@pytest.mark.parametrize("pattern", [*CATALOGUE, "*", "transfer.*", "order.*"])
def test_filters_that_let_something_through_are_known(pattern: str) -> None:
    check_known(parse_filters([pattern]))


@pytest.mark.parametrize("pattern", ["transfer.poste", "transfers.*", "transfer.posted.*", "x"])
def test_a_filter_that_would_never_let_anything_through_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidEventFilter) as refusal:
        check_known(parse_filters(["*", pattern]))

    assert refusal.value.pointer == "#/event_types/1"


def test_a_message_is_the_event_in_json_without_spaces() -> None:
    body = event_message(event({"amount": 5, "name": "Zoë"}))

    assert body.decode() == (
        '{"type":"transfer.posted","timestamp":"2026-11-02T12:00:00Z","data":{"amount":5,"name":"Zoë"}}'
    )


@pytest.mark.parametrize("size", [MAX_BODY_BYTES, 10 * MAX_BODY_BYTES])
def test_what_is_too_large_is_told_by_its_place(size: int) -> None:
    large = event({"note": "x" * size})

    message = json.loads(event_message(large))

    assert message["data"] == {"event_id": str(large.id), "position": 7, "truncated": True}


def test_why_an_endpoint_was_disabled_is_told() -> None:
    told = endpoint_disabled(ENDPOINT.disable(DisabledReason.GONE), trace_id="0" * 32)

    assert (told.type, told.subject) == ("webhook_endpoint.disabled", ENDPOINT_ID)
    assert getattr(told.data, "reason", None) == "gone"


@pytest.mark.parametrize(
    ("failing_for", "rest"),
    [
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=20), timedelta(seconds=10)),
        (timedelta(minutes=10), timedelta(minutes=5)),
        (timedelta(days=3), MAX_REST),
    ],
)
def test_an_endpoint_rests_half_as_long_as_it_has_failed(failing_for: timedelta, rest: timedelta) -> None:
    now = NOON + failing_for
    resting = FAILING.rest(now)

    assert resting.resume_at == now + rest
    assert resting.is_open_at(now + rest)
    assert resting.is_open_at(now) == (not rest)


def test_a_rest_is_never_longer_than_the_step_of_the_schedule_that_it_falls_in() -> None:
    """So a message that is tried alone comes exactly when its schedule says."""
    now = NOON
    for delay in DELAYS_SECONDS[1:]:
        resting = FAILING.rest(now)
        next_attempt = now + timedelta(seconds=delay * (1 - JITTER))
        assert resting.is_open_at(next_attempt)
        now += timedelta(seconds=delay * (1 + JITTER))


def test_an_endpoint_that_is_well_needs_no_rest() -> None:
    assert ENDPOINT.rest(NOON) is ENDPOINT


def test_the_longer_pause_stays() -> None:
    long, short = NOON + timedelta(hours=1), NOON + timedelta(minutes=1)

    assert FAILING.pause(long).pause(short).resume_at == long
    assert FAILING.pause(short).pause(long).resume_at == long


def test_a_success_an_enabling_and_a_new_url_end_every_pause() -> None:
    paused = FAILING.pause(NOON + timedelta(hours=1))

    assert paused.after_success() == ENDPOINT
    assert paused.disable(DisabledReason.GONE).enable() == ENDPOINT
    assert paused.move_to("https://other.example.com/") == replace(ENDPOINT, url="https://other.example.com/")
    assert paused.move_to(ENDPOINT.url) is paused


def test_a_disabled_endpoint_is_never_open() -> None:
    disabled = ENDPOINT.disable(DisabledReason.REQUESTED)

    assert disabled.status is EndpointStatus.DISABLED
    assert not disabled.is_open_at(NOON)
