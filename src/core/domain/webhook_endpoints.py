"""Webhook endpoints: where a tenant wants to hear of events, which ones, and signed with what."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.errors import Conflict, NotFound, Rejected
from core.domain.identifiers import TenantId, WebhookEndpointId
from core.domain.webhook_filters import EventFilter, any_matches
from core.domain.webhook_secrets import ROTATION_OVERLAP, SigningKey, WebhookSecret, live_secrets, rotate

MAX_URL_LENGTH = 2048
MAX_ENDPOINTS = 50
"""How many a tenant may have."""

MAX_FAILING_TIME = timedelta(days=5)
"""After as long of nothing but failure an endpoint is disabled; one message alone is tried for three days."""

MAX_REST = timedelta(minutes=5)
"""How long an endpoint that keeps failing is left alone between two attempts, whatever waits for it."""
_DESCRIPTION = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


class EndpointStatus(StrEnum):
    """Whether messages are sent there."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint gets nothing any more."""

    REQUESTED = "requested"
    """The tenant wanted it so."""
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing but failure for five days."""


class WebhookEndpointNotFound(NotFound):
    """There is no such endpoint."""

    code = "webhook_endpoint_not_found"
    title = "There is no such webhook endpoint"


class WebhookEndpointDisabled(Conflict):
    """A disabled endpoint is sent nothing; enable it first."""

    code = "webhook_endpoint_disabled"
    title = "The webhook endpoint is disabled"


class InvalidWebhookEndpoint(Rejected):
    """A field of the endpoint breaks a rule."""

    code = "invalid_webhook_endpoint"
    title = "The webhook endpoint is not valid"


class TooManyWebhookEndpoints(Rejected):
    """The tenant has as many as it may have."""

    code = "too_many_webhook_endpoints"
    title = "There are too many webhook endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """
    A tenant's receiver of messages.

    Attributes:
        url: As registered; where it may lead is decided anew at every attempt (`ports.outgoing_url_policy`).
        secrets: The newest first; at most two are live.
        failing_since: Since when there was nothing but failure; None after a success.
        resume_at: Until when nothing is sent there, because it asked for less or keeps failing.

    Raises:
        InvalidWebhookEndpoint: If the URL or description is too long, or the status and its reason do not fit.
    """

    tenant_id: TenantId
    id: WebhookEndpointId
    url: str
    event_types: tuple[EventFilter, ...]
    secrets: tuple[WebhookSecret, ...]
    created_at: datetime
    description: str = ""
    status: EndpointStatus = EndpointStatus.ENABLED
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None
    resume_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be an endpoint."""
        if len(self.url) > MAX_URL_LENGTH:
            raise InvalidWebhookEndpoint(f"url has at most {MAX_URL_LENGTH} characters", pointer="#/url")
        if not _DESCRIPTION.fullmatch(self.description):
            raise InvalidWebhookEndpoint(
                "description has at most 200 characters, none of them a control", pointer="#/description"
            )
        if not self.event_types:
            raise InvalidWebhookEndpoint("name at least one event type; * stands for all", pointer="#/event_types")
        if (self.status is EndpointStatus.DISABLED) != (self.disabled_reason is not None):
            raise InvalidWebhookEndpoint(
                "a disabled endpoint has a reason, an enabled one has none", pointer="#/status"
            )

    def wants(self, event_type: str) -> bool:
        """Whether an event of that type is sent there: the endpoint is enabled and a filter lets it through."""
        return self.status is EndpointStatus.ENABLED and any_matches(self.event_types, event_type)

    def signing_keys(self, now: datetime) -> tuple[SigningKey, ...]:
        """The keys a message is signed with at *now*: two while a rotation lasts."""
        return tuple(secret.value for secret in live_secrets(self.secrets, now=now))

    def rotate_secret(
        self, new: SigningKey, *, now: datetime, overlap: timedelta = ROTATION_OVERLAP
    ) -> "WebhookEndpoint":
        """
        Sign with *new*, and for *overlap* with the old one too.

        Raises:
            InvalidWebhookSecret: If *new* is a live one.
            WebhookSecretRotating: If a rotation is under way and the overlap is not nothing.
        """
        return replace(self, secrets=rotate(self.secrets, new, now=now, overlap=overlap))

    def disable(self, reason: DisabledReason) -> "WebhookEndpoint":
        """Send nothing more; the first reason stays."""
        if self.status is EndpointStatus.DISABLED:
            return self
        return replace(self, status=EndpointStatus.DISABLED, disabled_reason=reason)

    def enable(self) -> "WebhookEndpoint":
        """Begin again, with the past forgiven."""
        return replace(self, status=EndpointStatus.ENABLED, disabled_reason=None, failing_since=None, resume_at=None)

    def move_to(self, url: str) -> "WebhookEndpoint":
        """Send to *url* from now on; what the old one did is not held against it."""
        return self if url == self.url else replace(self, url=url, failing_since=None, resume_at=None)

    def is_open_at(self, now: datetime) -> bool:
        """Whether anything may be sent there at *now*."""
        return self.status is EndpointStatus.ENABLED and (self.resume_at is None or self.resume_at <= now)

    def pause(self, until: datetime) -> "WebhookEndpoint":
        """Send nothing before *until*; a longer pause stays."""
        return replace(self, resume_at=until if self.resume_at is None else max(self.resume_at, until))

    def rest(self, now: datetime) -> "WebhookEndpoint":
        """
        Leave it alone for half as long as it has failed, so that one that hangs takes ever less of anybody's time.

        A message's own schedule is slower at each of its steps, so a rest delays the others only.
        """
        if self.failing_since is None:
            return self
        return self.pause(now + min((now - self.failing_since) / 2, MAX_REST))

    def after_success(self) -> "WebhookEndpoint":
        """Forget the failures before; the same endpoint when there were none."""
        if self.failing_since is None and self.resume_at is None:
            return self
        return replace(self, failing_since=None, resume_at=None)

    def after_failure(self, now: datetime) -> "WebhookEndpoint":
        """Remember since when it fails, and give up after five days of nothing but failure."""
        if self.failing_since is None:
            return replace(self, failing_since=now)
        if now - self.failing_since >= MAX_FAILING_TIME:
            return self.disable(DisabledReason.FAILING)
        return self
