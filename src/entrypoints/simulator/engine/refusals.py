"""The three ways the provider says no without having done anything."""


class Refusal(Exception):
    """The provider did nothing. `code` is permanent, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        """Give the reason as *code* and in words."""
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidRequest(Refusal):
    """The request can never be right; a wire protocol tells this before it remembers an idempotency key."""


class NotFound(Refusal):
    """There is no such object in this merchant's account."""


class NotAllowed(Refusal):
    """The request is well formed, but the state of things forbids it."""
