"""What differs between wire protocols before and after the engine's work."""

from enum import StrEnum
from typing import Protocol

from entrypoints.simulator.exchange.answer import Answer, WireRequest


class Trouble(StrEnum):
    """What goes wrong without the engine."""

    NOT_AUTHENTICATED = "not_authenticated"
    ACCOUNT_DISABLED = "account_disabled"
    KEY_MALFORMED = "key_malformed"
    KEY_MISMATCH = "idempotency_mismatch"
    KEY_IN_PROGRESS = "in_progress"
    RATE_LIMITED = "rate_limited"
    BODY_TOO_LARGE = "body_too_large"
    UNKNOWN_SCENARIO = "unknown_scenario"
    SERVER_ERROR = "server_error"


class Dialect(Protocol):
    """One wire protocol, as far as keys, faults and signatures go."""

    prefix: str
    """Paths that begin with it speak this protocol."""
    scenario_header: str
    """A request with this header, in lower case, asks for a fault itself."""

    def api_key(self, request: WireRequest) -> str | None:
        """Who the client says it is."""
        ...

    def idempotency_key(self, request: WireRequest) -> str | None:
        """What makes a repetition of the request safe; None where there is nothing to protect."""
        ...

    def trouble(self, trouble: Trouble) -> Answer:
        """The answer that tells of *trouble*."""
        ...

    def replayed(self, answer: Answer) -> Answer:
        """A stored answer, marked as such."""
        ...
