"""The API's description: what every operation may answer besides success."""

from litestar.datastructures import ResponseHeader
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from entrypoints.http.problems import Problem

_MEANINGS = {
    400: "The request is malformed: `errors` names the field and the rule.",
    401: "No valid API key.",
    403: "The key may not do this.",
    404: "There is no such thing, or it belongs to another tenant.",
    409: "The state does not allow it, or the first request with the key is still running.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule says no (insufficient_funds, wallet_frozen, idempotency_key_reused …).",
    503: "Nothing was decided, or nobody knows yet: repeat with the same key after Retry-After.",
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The error responses of an operation."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=_MEANINGS[status],
            media_type="application/problem+json",  # type: ignore[arg-type]
            generate_examples=False,
        )
        for status in statuses
    }


READING = problems(400, 401, 404, 503)
CHANGING = problems(400, 401, 404, 409, 413, 415, 422, 503)
ADMINISTERING = problems(400, 401, 403, 404, 409, 503)

IDEMPOTENT_HEADERS = [
    ResponseHeader(
        name="Idempotent-Replayed",
        documentation_only=True,
        description="`true` when these are the stored bytes of the first answer.",
    )
]


def openapi_config(version: str) -> OpenAPIConfig:
    """OpenAPI 3.1 at /schema/openapi.json, a browsable page at /schema."""
    return OpenAPIConfig(
        title="Bursar",
        version=version,
        description="Wallets on a double-entry ledger: open, fund, spend, transfer, hold, and explain every minor unit.",
        path="/schema",
        use_handler_docstrings=True,
        security=[{"apiKey": []}],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(type="http", scheme="bearer", description="An API key, `bsr_…`.")
            }
        ),
        render_plugins=[ScalarRenderPlugin()],
    )
