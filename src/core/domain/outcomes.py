"""What an attempt to change the outside world ends in: eight meanings, never merged (design: gateways, P2)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class FailureClass(StrEnum):
    """What kind of no it was; permanent names."""

    HARD_DECLINE = "hard_decline"
    SOFT_DECLINE = "soft_decline"
    AUTHENTICATION = "authentication"
    CUSTOMER_INPUT = "customer_input"
    FRAUD = "fraud"
    MERCHANT_CONFIG = "merchant_config"
    LIMIT = "limit"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    CONFLICT = "conflict"


class NextStep(StrEnum):
    """What whoever asked can do about it."""

    RETRY_NOW = "retry_now"
    RETRY_LATER = "retry_later"
    AUTHENTICATE = "authenticate"
    ASK_CUSTOMER = "ask_customer"
    USE_OTHER_METHOD = "use_other_method"
    FIX_REQUEST = "fix_request"
    CONTACT_SUPPORT = "contact_support"
    NEVER_RETRY = "never_retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    Why it was a no.

    Attributes:
        code: Ours, permanent.
        failover_ok: Whether another provider may be asked.
        provider_code: The provider's own code, for people.
        message: What happened, free of secrets and of personal data.
    """

    code: str
    failure_class: FailureClass
    next_step: NextStep
    failover_ok: bool = False
    provider_code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """It happened; *evidence* is what the adapter saw, for the one who settles it."""

    provider_ref: str
    evidence: object = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The provider has it and will decide; ask again after *poll_after_seconds*, unless its webhook comes first."""

    provider_ref: str
    poll_after_seconds: float | None = None
    evidence: object = None


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The payer must act; *evidence* holds what to show."""

    provider_ref: str
    evidence: object = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider said no, for good."""

    failure: Failure
    provider_ref: str | None = None
    evidence: object = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Our request or our configuration is wrong."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class NotSent:
    """
    Provably without effect: no byte was sent, or the provider says that it did not even begin.

    *retry_after_seconds* is what the provider asked for, if it did.
    """

    reason: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Amount, currency or reference differ from ours: a person must look."""

    detail: str
    provider_ref: str | None = None


Outcome: TypeAlias = Succeeded | Pending | ActionRequired | Declined | Rejected | NotSent | Unknown | Conflict


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up found nothing; *authoritative* when that proves that nothing happened."""

    authoritative: bool


Sighting: TypeAlias = Outcome | Absent
"""What a look-up can tell; `Unknown` when it could not tell at all."""
