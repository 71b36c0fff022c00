"""The five ways the core can refuse. Concrete errors live beside the rule they guard."""

from typing import ClassVar


class CoreError(Exception):
    """
    A refusal that can be explained to whoever asked.

    Attributes:
        code: Permanent, machine-readable name; clients branch on it.
        title: The same short sentence for every occurrence.
        retryable: Whether the very same request may succeed later.
        detail: What happened this time, for people.
        pointer: JSON pointer to the field at fault, when one is.
        facts: Further members for the problem document (ids, amounts in minor units).
    """

    code: ClassVar[str] = "core_error"
    title: ClassVar[str] = "The request was refused"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, pointer: str | None = None, **facts: str | int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.facts = facts


class NotFound(CoreError):
    """There is no such thing, or it belongs to another tenant."""

    code = "not_found"
    title = "Not found"


class Conflict(CoreError):
    """The thing exists, in a state that does not allow this."""

    code = "conflict"
    title = "Conflict with the current state"


class Rejected(CoreError):
    """A rule says no."""

    code = "rejected"
    title = "Refused by a rule"


class OutcomeUnknown(CoreError):
    """It may have happened; the same request finds out."""

    code = "outcome_unknown"
    title = "The outcome is not known yet"
    retryable = True


class Unavailable(CoreError):
    """Nothing was decided; try the same request again."""

    code = "unavailable"
    title = "Temporarily unavailable"
    retryable = True
