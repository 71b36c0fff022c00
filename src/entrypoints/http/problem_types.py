"""Problems that are found before any rule of the core is asked: codes for good, as the core's own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """
    What every occurrence has in common.

    Attributes:
        code: Permanent, machine-readable name; clients branch on it.
        status: The HTTP status it is answered with.
        title: The same short sentence for every occurrence.
        meaning: For the error catalogue: when it happens, and what to do.
        retryable: Whether the very same request may succeed later.
    """

    code: str
    status: int
    title: str
    meaning: str
    retryable: bool = False


INVALID_FIELD = ProblemType(
    "invalid_field",
    400,
    "A field is not valid",
    "A field of the body, the path or the query breaks its type or bounds, is unknown or missing; `errors` says which.",
)
INVALID_JSON = ProblemType(
    "invalid_json", 400, "The body is not valid JSON", "The body is empty, broken, not UTF-8, or nested too deeply."
)
REPEATED_FIELD = ProblemType(
    "repeated_field",
    400,
    "A field is given twice",
    "One JSON object has a name twice, or metadata repeats a field of the request; which one counts must not be open.",
)
METADATA_TOO_LARGE = ProblemType(
    "metadata_too_large", 400, "The metadata is too large", "Metadata holds at most 32,768 bytes of JSON."
)
INVALID_CURSOR = ProblemType(
    "invalid_cursor", 400, "The cursor is not valid", "Cursors are opaque: send back the `next_cursor` of this list."
)
IDEMPOTENCY_KEY_MISSING = ProblemType(
    "idempotency_key_missing",
    400,
    "An idempotency key is required",
    "Every POST that moves money carries `Idempotency-Key`, so that it can be repeated without moving money twice.",
)
INVALID_IDEMPOTENCY_KEY = ProblemType(
    "invalid_idempotency_key",
    400,
    "The idempotency key is not valid",
    "1 to 255 visible ASCII characters, bare or as a string in double quotes.",
)
MALFORMED_REQUEST = ProblemType(
    "malformed_request", 400, "The request is malformed", "Something else about the request cannot be understood."
)
ROUTE_NOT_FOUND = ProblemType(
    "route_not_found", 404, "There is nothing at this path", "The path names no resource of this API."
)
METHOD_NOT_ALLOWED = ProblemType(
    "method_not_allowed", 405, "The path does not take this method", "`Allow` lists the methods the path takes."
)
WEBHOOK_NOT_AUTHENTIC = ProblemType(
    "webhook_not_authentic",
    400,
    "The webhook is not authentic",
    "A provider's message whose signature does not hold, is missing, or is five minutes off; nothing was kept.",
)
BODY_TOO_LARGE = ProblemType(
    "body_too_large",
    413,
    "The body is too large",
    "At most 262,144 bytes; 4,194,304 for a batch of transfers; 1,048,576 for a provider's webhook.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported_media_type",
    415,
    "The body must be application/json",
    "Send `Content-Type: application/json`; no other type is read.",
)
INTERNAL_ERROR = ProblemType(
    "internal_error",
    500,
    "Something went wrong on our side",
    "A bug of ours, logged under the request id. A request that moves money may be repeated with the same key.",
)
NOT_READY = ProblemType(
    "not_ready",
    503,
    "The process is not ready",
    "From `/ready` and `/health` alone: what the process needs does not answer; `checks` says what.",
    retryable=True,
)

PROBLEM_TYPES = (
    INVALID_FIELD,
    INVALID_JSON,
    REPEATED_FIELD,
    METADATA_TOO_LARGE,
    INVALID_CURSOR,
    IDEMPOTENCY_KEY_MISSING,
    INVALID_IDEMPOTENCY_KEY,
    MALFORMED_REQUEST,
    ROUTE_NOT_FOUND,
    METHOD_NOT_ALLOWED,
    WEBHOOK_NOT_AUTHENTIC,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INTERNAL_ERROR,
    NOT_READY,
)
