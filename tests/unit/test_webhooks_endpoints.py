"""Webhook endpoints: what they hear of, what signs for them, and when they are given up."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from builders import NOON, TENANT, WEEK
from core.domain.identifiers import WebhookEndpointId
from core.domain.webhook_endpoints import (
    MAX_FAILING_TIME,
    DisabledReason,
    EndpointStatus,
    InvalidWebhookEndpoint,
    WebhookEndpoint,
)
from core.domain.webhook_filters import MAX_FILTERS, EventFilter, InvalidEventFilter, parse_filters
from core.domain.webhook_secrets import (
    InvalidWebhookSecret,
    SigningKey,
    WebhookSecret,
    WebhookSecretRotating,
    live_secrets,
    rotate,
)

HOUR = timedelta(hours=1)
FIRST, SECOND, THIRD = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
ENDPOINT = WebhookEndpoint(
    tenant_id=TENANT,
    id=WebhookEndpointId(UUID("01980000-0000-7000-8000-00000000e4d0")),
    url="https://hooks.example.com/",
    event_types=parse_filters(["transfer.*", "hold.placed"]),
    secrets=(WebhookSecret(FIRST),),
    created_at=NOON,
)


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pattern", "heard", "not_heard"),
    [
        (
            "transfer.posted",
            ["transfer.posted"],
            ["transfer.reversed", "transfer.posted.late", "transfer", "Transfer.posted"],
        ),
        ("transfer.*", ["transfer.posted", "transfer.a.b"], ["transfer", "transfers.posted", "hold.placed"]),
        ("a.b.*", ["a.b.c"], ["a.b", "a.c", "a.bc.d"]),
        ("*", ["transfer.posted", "x"], []),
    ],
)
def test_a_filter_lets_through_what_it_names(pattern: str, heard: list[str], not_heard: list[str]) -> None:
    assert all(EventFilter(pattern).matches(event_type) for event_type in heard)
    assert not any(EventFilter(pattern).matches(event_type) for event_type in not_heard)


@pytest.mark.parametrize(
    "pattern",
    [
        *("", " ", ".", "transfer.", ".posted", "transfer..posted", "transfer*", "*.posted", "transfer.*.x", "**"),
        *("a-b", "transfer.posted\n", "transfer,posted", "x" * 101, "tränsfer.posted"),
    ],
)
def test_what_is_no_filter_is_refused_by_its_place(pattern: str) -> None:
    with pytest.raises(InvalidEventFilter) as refusal:
        parse_filters(["transfer.posted", pattern])
    assert refusal.value.pointer == "#/event_types/1"


def test_a_filter_given_twice_none_at_all_or_too_many_are_refused() -> None:
    with pytest.raises(InvalidEventFilter, match="given twice") as refusal:
        parse_filters(["a.b", "*", "a.b"])
    assert refusal.value.pointer == "#/event_types/2"
    with pytest.raises(InvalidEventFilter, match="at least one") as refusal:
        parse_filters([])
    assert refusal.value.pointer == "#/event_types"
    assert len(parse_filters([f"t{number}" for number in range(MAX_FILTERS)])) == MAX_FILTERS
    with pytest.raises(InvalidEventFilter, match="at most 50"):
        parse_filters([f"t{number}" for number in range(MAX_FILTERS + 1)])


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_secret_is_read_as_it_is_shown(length: int) -> None:
    key = SigningKey(bytes(range(length)))
    assert key.reveal() == "whsec_" + b64encode(bytes(range(length))).decode()
    assert SigningKey.parse(key.reveal()) == key


@pytest.mark.parametrize(
    "text",
    [
        *("", "whsec_", FIRST.reveal().removeprefix("whsec_"), "whsk_" + FIRST.reveal()[6:], FIRST.reveal() + "\n"),
        *(FIRST.reveal()[:-1], FIRST.reveal() + "=", "whsec_" + "-" * 44, "whsec_" + "ą" * 44, " " + FIRST.reveal()),
        *("whsec_" + b64encode(bytes(length)).decode() for length in (23, 65)),
        FIRST.reveal()[:-2] + "F=",
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidWebhookSecret) as refusal:
        SigningKey.parse(text)
    assert refusal.value.pointer == "#/secret"
    assert not text[6:].strip() or text[6:].strip() not in str(refusal.value)


def test_a_secret_never_shows_itself() -> None:
    for shown in (repr(ENDPOINT), str(ENDPOINT), f"{ENDPOINT.secrets[0]}", repr(FIRST), str([FIRST])):
        assert "***" in shown
        assert FIRST.reveal() not in shown
        assert repr(FIRST.key) not in shown


def test_after_a_rotation_both_sign_for_a_day_and_then_the_new_one_alone() -> None:
    rotated = ENDPOINT.rotate_secret(SECOND, now=NOON)
    assert rotated.signing_keys(NOON) == (SECOND, FIRST)
    assert rotated.signing_keys(NOON + timedelta(hours=24, microseconds=-1)) == (SECOND, FIRST)
    assert rotated.signing_keys(NOON + timedelta(hours=24)) == (SECOND,)


def test_a_third_live_secret_is_refused_until_the_overlap_has_ended() -> None:
    rotated = rotate((WebhookSecret(FIRST),), SECOND, now=NOON)
    with pytest.raises(WebhookSecretRotating):
        rotate(rotated, THIRD, now=NOON + 23 * HOUR)
    later = rotate(rotated, THIRD, now=NOON + 24 * HOUR)
    assert [secret.value for secret in later] == [THIRD, SECOND]


def test_after_a_leak_the_old_secrets_end_at_once() -> None:
    rotated = rotate((WebhookSecret(FIRST),), SECOND, now=NOON)
    assert rotate(rotated, THIRD, now=NOON + HOUR, overlap=timedelta(0)) == (WebhookSecret(THIRD),)


def test_a_rotation_to_a_live_secret_or_by_a_longer_overlap_is_refused() -> None:
    with pytest.raises(InvalidWebhookSecret):
        rotate((WebhookSecret(FIRST),), FIRST, now=NOON)
    for overlap in (timedelta(seconds=-1), 25 * HOUR):
        with pytest.raises(ValueError, match="overlap"):
            rotate((WebhookSecret(FIRST),), SECOND, now=NOON, overlap=overlap)


def test_secrets_that_have_ended_are_forgotten_at_the_next_rotation() -> None:
    ended = WebhookSecret(FIRST, expires_at=NOON)
    assert live_secrets((WebhookSecret(SECOND), ended), now=NOON) == (WebhookSecret(SECOND),)
    assert len(rotate((WebhookSecret(SECOND), ended), THIRD, now=NOON)) == 2


# ── Endpoints ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_endpoint_hears_what_its_filters_let_through_while_it_is_enabled() -> None:
    assert ENDPOINT.wants("transfer.posted")
    assert ENDPOINT.wants("hold.placed")
    assert not ENDPOINT.wants("hold.captured")
    assert not ENDPOINT.disable(DisabledReason.REQUESTED).wants("transfer.posted")
    assert ENDPOINT.disable(DisabledReason.GONE).enable() == ENDPOINT


def test_the_first_reason_for_disabling_stays() -> None:
    gone = ENDPOINT.disable(DisabledReason.GONE)
    assert (gone.status, gone.disabled_reason) == (EndpointStatus.DISABLED, DisabledReason.GONE)
    assert gone.disable(DisabledReason.REQUESTED) is gone


def test_five_days_of_nothing_but_failure_disable_an_endpoint() -> None:
    failing = ENDPOINT.after_failure(NOON)
    assert failing.failing_since == NOON
    assert failing.after_failure(NOON + HOUR) is failing
    assert failing.after_failure(NOON + MAX_FAILING_TIME - HOUR) is failing
    given_up = failing.after_failure(NOON + MAX_FAILING_TIME)
    assert given_up.disabled_reason is DisabledReason.FAILING
    assert given_up.enable().failing_since is None


def test_one_success_forgives_every_failure_before() -> None:
    assert ENDPOINT.after_success() is ENDPOINT
    forgiven = ENDPOINT.after_failure(NOON).after_success()
    assert forgiven == ENDPOINT
    assert forgiven.after_failure(NOON + WEEK).status is EndpointStatus.ENABLED


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "https://" + "a" * 2048}, "#/url"),
        ({"description": "x" * 201}, "#/description"),
        ({"description": "two\nlines"}, "#/description"),
        ({"event_types": ()}, "#/event_types"),
        ({"status": EndpointStatus.DISABLED}, "#/status"),
        ({"disabled_reason": DisabledReason.GONE}, "#/status"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidWebhookEndpoint) as refusal:
        replace(ENDPOINT, **change)
    assert refusal.value.pointer == pointer
